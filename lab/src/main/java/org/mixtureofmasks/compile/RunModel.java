package org.mixtureofmasks.compile;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.ConvertedTensor;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.SafetensorsFile;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.format.Compiled;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertLayout;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.format.ModelFolderWriter;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.format.ShippedThresholds;
import org.mixtureofmasks.format.SparseModel;
import org.mixtureofmasks.format.SparseWriter;
import org.mixtureofmasks.format.StoredShares;
import org.mixtureofmasks.format.TokenMaskWriter;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.train.FinishedRun;

/**
 * Writes what a run has made: its masks, and the model of its newest checkpoint, a sparse one by
 * the compiler or a dense one in Hugging Face's form when the method has no experts. Reads the run,
 * changes nothing in its checkpoints.
 */
public final class RunModel {
  private final FinishedRun run;
  private final Optional<ShippedExperts> experts;

  private final Progress progress;

  private RunModel(FinishedRun run, Progress progress) {
    this.run = run;
    this.progress = progress;
    this.experts = run.method().shipped();
  }

  /** What a run ships as it stands. */
  public static RunModel of(FinishedRun run) {
    return of(run, Progress.SILENT);
  }

  /**
   * The same.
   *
   * @param progress hears how far its writing is
   */
  public static RunModel of(FinishedRun run, Progress progress) {
    return new RunModel(run, progress);
  }

  /** Writes the run's own masks.safetensors (the neurons' masks), if the method has experts. */
  public void writeMasks() {
    if (experts.isEmpty()) {
      return;
    }
    SparseWriter.writeMasks(run.run().masks(), experts.get().masks());
  }

  /**
   * Writes the model.
   *
   * @param out must not exist yet, or be empty
   * @param layout how experts are stored; empty for the usual one: copied with masks of inputs,
   *     else runs
   * @param weights their type; empty for the dense model's own
   * @return what was made, as JSON objects hold it: model, bytes, active_ffn_share and the like
   * @throws UserError if the method only evaluates, or out cannot be made
   */
  public Map<String, Object> write(Path out, Optional<Layout> layout, Optional<DType> weights) {
    run.method()
        .onlyEvaluates()
        .ifPresent(
            why -> {
              throw new UserError("%s: %s".formatted(run.run().path(), why));
            });
    Map<String, Object> made = new LinkedHashMap<>();
    made.put("model", out.toString());
    try (Checkpoint dense = Checkpoints.open(run.denseModel());
        SafetensorsFile file = SafetensorsFile.open(run.step().resolve("model.safetensors"))) {
      DType dtype = weights.orElse(SparseModel.defaultDtype(dense));
      Optional<ShippedThresholds> thresholds = run.method().shippedThresholds();
      if (thresholds.isPresent()) {
        layout.ifPresent(
            word -> {
              throw UserError.usage(
                  "--layout %s is of experts: a model with token masks has one layout"
                      .formatted(word.word()));
            });
        progress.begin("writing %s".formatted(out), "");
        writeTokenMasks(dense, file.tensors(), thresholds.get(), dtype, out);
      } else if (experts.isEmpty()) {
        progress.begin("writing %s".formatted(out), "");
        writeDense(ConfigReader.description(dense), file.tensors(), dtype, out);
      } else {
        describe(compile(experts.get(), dense, file, out, layout, dtype), made);
      }
    }
    try (Checkpoint checkpoint = Checkpoints.open(out)) {
      Shares shares = StoredShares.of(checkpoint, ConfigReader.read(checkpoint));
      made.put("active_ffn_share", shares.activeFfn());
      made.put("share_all_in", shares.allIn());
    }
    made.put("bytes", size(out.resolve("model.safetensors")));
    return made;
  }

  private Compiled compile(
      ShippedExperts shipped,
      Checkpoint dense,
      SafetensorsFile weights,
      Path out,
      Optional<Layout> layout,
      DType dtype) {
    SparseModel model =
        new SparseModel(
            ConfigReader.description(dense),
            weights.tensors(),
            shipped,
            run.provider().variant(run.recipe()),
            run.provider().target(run.recipe()),
            run.parent(),
            Optional.of(run.denseModel()));
    Layout own = shipped.masks().has(Dimension.INPUTS) ? Layout.COPIED : Layout.RUNS;
    return Compiler.compile(model, out, layout.orElse(own), dtype, progress);
  }

  private static void describe(Compiled compiled, Map<String, Object> made) {
    Compiled.Sizes sizes = compiled.sizes();
    compiled.paperShare().ifPresent(share -> made.put("paper_share", share));
    made.put("layout", compiled.layout().word());
    made.put("weights", compiled.dtype().name().toLowerCase(Locale.ROOT));
    made.put("live_neurons", compiled.layers().stream().map(ExpertLayout::live).toList());
    made.put("shared_neurons", compiled.layers().stream().map(ExpertLayout::shared).toList());
    made.put("redundant_neurons", compiled.layers().stream().map(ExpertLayout::redundant).toList());
    made.put("parameters", sizes.parameters());
    made.put("dense_parameters", sizes.denseParameters());
    sizes.runsBytes().ifPresent(bytes -> made.put("tensor_bytes_as_runs", bytes));
    made.put("tensor_bytes_as_copies", sizes.copiedBytes());
    made.put("runs_per_expert", compiled.runsPerExpert());
  }

  private void writeDense(
      ObjectNode config, Map<String, StoredTensor> weights, DType dtype, Path out) {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    weights.forEach((name, tensor) -> tensors.put(name, new ConvertedTensor(tensor, dtype, null)));
    SequencedMap<String, String> metadata = new LinkedHashMap<>(Map.of("parent", run.parent()));
    try (ModelFolderWriter folder = ModelFolderWriter.create(out)) {
      folder.weights(metadata, tensors);
      folder.config(config, dtype);
      folder.companionsOf(run.denseModel());
      folder.commit();
    }
  }

  private void writeTokenMasks(
      Checkpoint dense,
      Map<String, StoredTensor> weights,
      ShippedThresholds thresholds,
      DType dtype,
      Path out) {
    TokenMaskWriter.write(
        new TokenMaskWriter.Model(
            ConfigReader.description(dense),
            weights,
            thresholds,
            run.provider().target(run.recipe()),
            run.parent(),
            run.denseModel()),
        dtype,
        out);
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UserError("cannot read %s: %s".formatted(file, e), e);
    }
  }
}
