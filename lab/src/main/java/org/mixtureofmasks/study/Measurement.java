package org.mixtureofmasks.study;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.WeightType;
import org.mixtureofmasks.perplexity.Perplexity;
import org.mixtureofmasks.perplexity.PerplexityResult;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.train.RunFolder;
import org.mixtureofmasks.train.Settings;

/** Measures a run by what ships: the engine's perplexity of the model folder that the run made. */
final class Measurement {
  private static final String ROUTER = ".router.weight";

  private Measurement() {}

  /**
   * @param run the folder of a run that was trained to the end
   * @param threads of the engine
   * @throws UserError if the run's files cannot be read or its losses are not finite
   */
  static Figures of(PlannedRun planned, RunFolder run, int threads) {
    Curve curve = Curve.read(run.metrics());
    if (!Files.exists(run.model())) {
      if (!Double.isFinite(curve.after())) {
        throw new UserError(
            "%s made no model and has no finite validation loss".formatted(run.path()));
      }
      return new Figures(
          "trainer",
          new Shares(planned.target(), Double.NaN),
          Shares.UNKNOWN,
          Double.NaN,
          curve.before(),
          curve.after(),
          curve.after(),
          Double.NaN,
          curve.seconds());
    }
    Settings settings = Settings.of(planned.recipe());
    List<Path> rows = settings.validationFiles().stream().map(settings::packed).toList();
    LoadOptions options = new LoadOptions(WeightType.AUTO, threads);
    try (Checkpoint checkpoint = Checkpoints.open(run.model());
        Model model = Model.open(run.model(), options)) {
      ModelConfig config = ConfigReader.read(checkpoint);
      PerplexityResult result =
          new Perplexity(model, threads, (done, total) -> {})
              .ofRows(rows, planned.recipe().get(RunKeys.ROW), 0);
      return new Figures(
          Figures.ENGINE,
          model.shares(),
          result.shares(),
          routerShare(checkpoint, config),
          curve.before(),
          result.loss(),
          curve.after(),
          model.weightBytes(),
          curve.seconds());
    }
  }

  /** Parameters of all routers over those of the dense FFNs: E·d / (3·d·m) for linear routers. */
  static double routerShare(Checkpoint checkpoint, ModelConfig config) {
    long routers =
        checkpoint.tensors().values().stream()
            .filter(t -> t.name().endsWith(ROUTER))
            .mapToLong(StoredTensor::elements)
            .sum();
    return routers / (3.0 * config.layers() * config.hiddenSize() * config.intermediateSize());
  }
}
