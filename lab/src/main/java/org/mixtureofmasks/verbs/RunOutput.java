package org.mixtureofmasks.verbs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.SafetensorsFile;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.compile.Compiled;
import org.mixtureofmasks.compile.ExpertLayout;
import org.mixtureofmasks.compile.Layout;
import org.mixtureofmasks.compile.RunCompiler;
import org.mixtureofmasks.compile.SparseModel;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.format.StoredShares;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.AtomicFolder;
import org.mixtureofmasks.train.FinishedRun;

/**
 * From a run to a model folder: a sparse one by the compiler, or a dense one in Hugging Face's form
 * when the run has no masks. Weights keep the number format of the dense model that the run began
 * with.
 */
final class RunOutput {
  private static final List<String> TOKENIZER_FILES =
      List.of("tokenizer.json", "tokenizer_config.json", "chat_template.jinja");

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
    } else {
      describe(RunCompiler.compile(run, out, layout, weights), made);
    }
    try (Checkpoint checkpoint = Checkpoints.open(out)) {
      Shares shares = StoredShares.of(checkpoint, ConfigReader.read(checkpoint));
      made.put("active_ffn_share", shares.activeFfn());
      made.put("share_all_in", shares.allIn());
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
    weights.forEach(
        (name, t) -> {
          long[] shape = t.shape().stream().mapToLong(Long::longValue).toArray();
          tensors.put(
              name,
              dtype == DType.BF16
                  ? TensorSource.ofBf16(Elements.toFloats(t), shape)
                  : TensorSource.of(t));
        });
    ObjectNode written = config.deepCopy();
    // transformers 5 calls it dtype, older ones torch_dtype.
    written.put(
        config.has("dtype") ? "dtype" : "torch_dtype",
        dtype == DType.BF16 ? "bfloat16" : "float32");
    try (AtomicFolder folder = AtomicFolder.create(out)) {
      Path to = folder.path();
      SafetensorsWriter.write(
          to.resolve("model.safetensors"), Map.of("format", "pt", "parent", run.parent()), tensors);
      AtomicFiles.writeString(to.resolve("config.json"), written.toPrettyString() + "\n");
      for (String name : TOKENIZER_FILES) {
        Path file = run.denseModel().resolve(name);
        if (Files.exists(file)) {
          Files.copy(file, to.resolve(name));
        }
      }
      folder.commit();
    } catch (IOException e) {
      throw new UserError("cannot copy the tokenizer to " + out + ": " + e, e);
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
