package org.mixtureofmasks.compile;

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
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.format.StoredShares;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.AtomicFolder;
import org.mixtureofmasks.train.FinishedRun;

/**
 * Writes what a run has made: its masks, and the model of its newest checkpoint, a sparse one by
 * the compiler or a dense one in Hugging Face's form when the method has no experts. Reads the run,
 * changes nothing in its checkpoints.
 */
public final class RunModel {
  private static final List<String> TOKENIZER_FILES =
      List.of("tokenizer.json", "tokenizer_config.json", "chat_template.jinja");

  private final FinishedRun run;
  private final Optional<ShippedExperts> experts;

  private RunModel(FinishedRun run) {
    this.run = run;
    this.experts = run.method().shipped();
  }

  /** What a run ships as it stands. */
  public static RunModel of(FinishedRun run) {
    return new RunModel(run);
  }

  /** Writes the run's own masks.safetensors (the neurons' masks), if the method has experts. */
  public void writeMasks() {
    if (experts.isEmpty()) {
      return;
    }
    ExpertMasks masks = experts.get().masks();
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    for (int l = 0; l < masks.layers(); l++) {
      int neurons = masks.length(Dimension.NEURONS);
      byte[] flat = new byte[masks.experts() * neurons];
      for (int i = 0; i < flat.length; i++) {
        Mask mask = masks.mask(Dimension.NEURONS, l, i / neurons);
        flat[i] = (byte) (mask.on(i % neurons) ? 1 : 0);
      }
      tensors.put(
          "layers.%s.masks".formatted(l), TensorSource.ofBytes(flat, masks.experts(), neurons));
    }
    SafetensorsWriter.write(run.run().masks(), Map.of("format", "pt"), tensors);
  }

  /**
   * Writes the model.
   *
   * @param out must not exist yet, or be empty
   * @param layout how experts are stored; empty for the usual one: copied with masks of inputs,
   *     else runs
   * @param weights their type; empty for the dense model's own
   * @return what was made, as JSON objects hold it: model, bytes, active_ffn_share and the like
   * @throws UserError if the method only judges, or out cannot be made
   */
  public Map<String, Object> write(Path out, Optional<Layout> layout, Optional<DType> weights) {
    run.method()
        .onlyJudges()
        .ifPresent(
            why -> {
              throw new UserError("%s: %s".formatted(run.run().path(), why));
            });
    Map<String, Object> made = new LinkedHashMap<>();
    made.put("model", out.toString());
    try (Checkpoint dense = Checkpoints.open(run.denseModel());
        SafetensorsFile file = SafetensorsFile.open(run.step().resolve("model.safetensors"))) {
      DType dtype = weights.orElse(SparseModel.defaultDtype(dense));
      if (experts.isEmpty()) {
        writeDense(dense.metadata(), file.tensors(), dtype, out);
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
    ExpertMasks masks = shipped.masks();
    boolean inputs = masks.has(Dimension.INPUTS);
    SparseModel model =
        new SparseModel(
            dense.metadata(),
            weights.tensors(),
            new HardMasks(
                flags(masks, Dimension.NEURONS),
                inputs ? flags(masks, Dimension.INPUTS) : new boolean[0][][]),
            shipped.routers(),
            shipped.routing(),
            run.provider().variant(run.recipe()),
            run.provider().target(run.recipe()),
            run.parent(),
            run.denseModel());
    return Compiler.compile(model, out, layout.orElse(inputs ? Layout.COPIED : Layout.RUNS), dtype);
  }

  private static boolean[][][] flags(ExpertMasks masks, Dimension dimension) {
    boolean[][][] flags = new boolean[masks.layers()][masks.experts()][masks.length(dimension)];
    for (int l = 0; l < flags.length; l++) {
      for (int e = 0; e < flags[l].length; e++) {
        boolean[] row = flags[l][e];
        masks.mask(dimension, l, e).indices().forEach(j -> row[j] = true);
      }
    }
    return flags;
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
      SequencedMap<String, String> metadata = new LinkedHashMap<>(); // in one order for every run
      metadata.put("format", "pt");
      metadata.put("parent", run.parent());
      SafetensorsWriter.write(to.resolve("model.safetensors"), metadata, tensors);
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
