package org.mixtureofmasks.compile;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Fingerprint;
import org.mixtureofmasks.checkpoint.SafetensorsFile;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.model.ConfigReader;
import org.mixtureofmasks.model.LlamaConfig;
import org.mixtureofmasks.nn.DenseWeights;
import org.mixtureofmasks.nn.LlamaModule;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeReader;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasks;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksProvider;
import org.mixtureofmasks.train.Methods;
import org.mixtureofmasks.train.RunFolder;

/** Compiles a run's newest checkpoint; reads the run, changes nothing in it. */
public final class RunCompiler {
  private RunCompiler() {}

  /**
   * @param run a run folder with at least one checkpoint
   * @param out the folder to make
   * @param dtype of the weights; empty for the dense model's own
   * @throws UserError if there is nothing to compile, or out cannot be made
   */
  public static Compiled compile(Path run, Path out, Layout layout, Optional<DType> dtype) {
    RunFolder folder = new RunFolder(run);
    if (!Files.isRegularFile(folder.recipe())) {
      throw new UserError(
          run + " is not a run folder (no recipe.resolved.yaml): 'mom sparsify' makes one");
    }
    Path step =
        folder
            .latest()
            .orElseThrow(
                () ->
                    new UserError(
                        run + " has no checkpoint yet: go on with 'mom resume " + run + "'"));
    Recipe recipe = new RecipeReader(Methods.sections()).read(folder.recipe(), List.of());
    Path dense = Path.of(recipe.get(RunKeys.MODEL));
    try (Checkpoint parent = Checkpoints.open(dense);
        SafetensorsFile weights = SafetensorsFile.open(step.resolve("model.safetensors"))) {
      LlamaConfig config = ConfigReader.read(parent);
      Method method = Methods.provider(recipe).create(recipe, config);
      restore(method, parent, config, step);
      if (method.hardMasks().length == 0) {
        throw new UserError(
            run + " trained with the method " + method.name() + ", which has no masks to compile");
      }
      DType own = parent.tensors().values().iterator().next().dtype();
      SparseModel model =
          new SparseModel(
              parent.metadata(),
              weights.tensors(),
              new HardMasks(method.hardMasks()),
              method.routers().stream().map(Tensors::toFloats).toList(),
              method.expertsPerToken(),
              "mom",
              target(recipe, method),
              Fingerprint.of(step),
              dense);
      return Compiler.compile(model, out, layout, dtype.orElse(SparseModel.defaultDtype(own)));
    }
  }

  private static double target(Recipe recipe, Method method) {
    return method instanceof MixtureOfMasks
        ? MixtureOfMasksProvider.options(recipe).target()
        : new HardMasks(method.hardMasks()).activeShare(method.expertsPerToken());
  }

  /** The method's tensors; it takes the dense weights only for their shapes. */
  private static void restore(Method method, Checkpoint parent, LlamaConfig config, Path step) {
    Natives.start();
    LlamaModule shapes = DenseWeights.load(parent, config, Precision.FP32);
    Map<String, Tensor> saved = new LinkedHashMap<>();
    Path file = step.resolve("method.safetensors");
    if (Files.exists(file)) {
      try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
        for (StoredTensor t : tensors.tensors().values()) {
          saved.put(t.name(), DenseWeights.fp32(t));
        }
      }
    }
    method.restore(shapes, saved);
  }
}
