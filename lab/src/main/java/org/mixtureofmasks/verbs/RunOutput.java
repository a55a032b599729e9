package org.mixtureofmasks.verbs;

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
import org.mixtureofmasks.compile.RunCompiler;
import org.mixtureofmasks.format.Compiled;
import org.mixtureofmasks.format.ExpertLayout;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.format.ModelFolderWriter;
import org.mixtureofmasks.format.SparseModel;
import org.mixtureofmasks.train.FinishedRun;

/**
 * From a run to a model folder: a sparse one by the compiler, or a dense one in Hugging Face's form
 * when the run has no masks. Weights keep the number format of the dense model that the run began
 * with.
 */
final class RunOutput {
  private RunOutput() {}

  /** The same in the method's own layout, with weights of the dense model's own type. */
  static Map<String, Object> write(FinishedRun run, Path out) {
    return write(run, out, RunCompiler.defaultLayout(run));
  }

  /** The same with weights of the dense model's own type. */
  static Map<String, Object> write(FinishedRun run, Path out, Layout layout) {
    return write(run, out, layout, Optional.empty());
  }

  /**
   * Writes the model of a run's newest checkpoint.
   *
   * @param out must not exist yet, or be empty
   * @param weights their type; empty for the dense model's own
   * @return what was made, as JSON objects hold it: model, bytes, active_ffn_share and the like
   * @throws UserError if the method only judges, or out cannot be made
   */
  static Map<String, Object> write(
      FinishedRun run, Path out, Layout layout, Optional<DType> weights) {
    if (!run.method().ships()) {
      throw new UserError(run.run().path() + ": " + shipsNothing(run));
    }
    Map<String, Object> made = new LinkedHashMap<>();
    made.put("model", out.toString());
    if (run.method().hardMasks().length == 0) {
      try (Checkpoint dense = Checkpoints.open(run.denseModel());
          SafetensorsFile file = SafetensorsFile.open(run.step().resolve("model.safetensors"))) {
        DType dtype = weights.orElse(SparseModel.defaultDtype(dense));
        writeDense(run, dense.metadata(), file.tensors(), dtype, out);
      }
      made.put("active_ffn_share", 1.0);
    } else {
      describe(RunCompiler.compile(run, out, layout, weights), made);
    }
    made.put("bytes", size(out.resolve("model.safetensors")));
    return made;
  }

  /** Why there is no model of a run whose method does not ship. */
  static String shipsNothing(FinishedRun run) {
    return "the method "
        + run.method().name()
        + " is a reference of quality: it chooses for each token anew, which is no structure to"
        + " compile; the validation loss is its result";
  }

  private static void describe(Compiled compiled, Map<String, Object> made) {
    Compiled.Sizes sizes = compiled.sizes();
    made.put("active_ffn_share", compiled.activeFfnShare());
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

  private static void writeDense(
      FinishedRun run,
      ObjectNode config,
      Map<String, StoredTensor> weights,
      DType dtype,
      Path out) {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    weights.forEach((name, t) -> tensors.put(name, new ConvertedTensor(t, dtype, null)));
    SequencedMap<String, String> parent = new LinkedHashMap<>(Map.of("parent", run.parent()));
    try (ModelFolderWriter folder = ModelFolderWriter.create(out)) {
      folder.weights(parent, tensors);
      folder.config(config, dtype);
      folder.companionsOf(run.denseModel());
      folder.commit();
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UserError("cannot read " + file + ": " + e, e);
    }
  }
}
