package org.mixtureofmasks.compile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SequencedMap;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.ConvertedTensor;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.AtomicFolder;

/**
 * Hard masks to a sparse model folder (paper §2.4): per layer the neurons of every mask are stored
 * first and once (shared), those of some masks once (independent), those of none not at all
 * (redundant). The folder is as docs/file-formats.md says, and complete or absent.
 */
public final class Compiler {
  /** What a sparse folder takes from the dense one's tokenizer. */
  private static final List<String> TOKENIZER_FILES =
      List.of("tokenizer.json", "tokenizer_config.json", "chat_template.jinja");

  private static final List<String> PROJECTIONS = List.of("gate_proj", "up_proj", "down_proj");

  private final SparseModel model;
  private final Layout layout;
  private final DType dtype;
  private final List<ExpertLayout> layers = new ArrayList<>();

  private Compiler(SparseModel model, Layout layout, DType dtype) {
    this.model = model;
    this.layout = layout;
    this.dtype = dtype;
    if (model.masks().hasInputs() && layout == Layout.RUNS) {
      throw UserError.usage(
          "the layout runs stores each neuron once, with all of its inputs; a model with input masks"
              + " takes --layout copied, or masked to compare with");
    }
    for (int l = 0; l < model.masks().layers(); l++) {
      boolean[][] masks = model.masks().layer(l);
      layers.add(layout == Layout.COPIED ? ExpertLayout.copied(masks) : ExpertLayout.runs(masks));
    }
  }

  /**
   * Writes a sparse model folder.
   *
   * @param out must not exist yet, or be empty
   * @param layout how the FFNs are stored
   * @param dtype of all weights but the routers, F32 or BF16: {@link SparseModel#defaultDtype}
   * @throws UserError if out exists, cannot be written, the model lacks a tensor, or the layout is
   *     runs and it has input masks
   */
  public static Compiled compile(SparseModel model, Path out, Layout layout, DType dtype) {
    if (dtype != DType.F32 && dtype != DType.BF16) {
      throw UserError.usage("a sparse model holds F32 or BF16 weights, not " + dtype);
    }
    Compiler compiler = new Compiler(model, layout, dtype);
    SequencedMap<String, TensorSource> tensors = compiler.tensors();
    Compiled compiled =
        new Compiled(
            out,
            layout,
            dtype,
            compiler.layers,
            model.activeShare(),
            model.masks().hasInputs()
                ? OptionalDouble.of(model.masks().paperShare())
                : OptionalDouble.empty(),
            compiler.sizes(tensors));
    try (AtomicFolder folder = AtomicFolder.create(out)) {
      Path p = folder.path();
      SafetensorsWriter.write(p.resolve("model.safetensors"), Map.of("format", "pt"), tensors);
      SafetensorsWriter.write(
          p.resolve("masks.safetensors"), Map.of("format", "pt"), compiler.maskTensors());
      AtomicFiles.writeString(
          p.resolve("config.json"), SparseConfig.of(model, compiled).toPrettyString() + "\n");
      compiler.copyTokenizer(p);
      AtomicFiles.writeString(p.resolve("README.md"), ModelCard.of(model, compiled));
      folder.commit();
    }
    return compiled;
  }

  private SequencedMap<String, TensorSource> tensors() {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    model
        .weights()
        .forEach(
            (name, tensor) -> {
              if (layout == Layout.MASKED || !isFfn(name)) {
                tensors.put(name, new ConvertedTensor(tensor, dtype, null));
              }
            });
    for (int l = 0; l < layers.size(); l++) {
      tensors.putAll(ffn(l));
    }
    return tensors;
  }

  private static boolean isFfn(String name) {
    return PROJECTIONS.stream().anyMatch(p -> name.endsWith(".mlp." + p + ".weight"));
  }

  private SequencedMap<String, TensorSource> ffn(int l) {
    String prefix = "model.layers." + l + ".mlp.";
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    if (layout == Layout.COPIED && model.masks().hasInputs()) {
      tensors.putAll(blocks(l).tensors(prefix));
    } else if (layout != Layout.MASKED) {
      ExpertLayout experts = layers.get(l);
      int[] runs = Arrays.stream(experts.runs()).flatMapToInt(Arrays::stream).toArray();
      tensors.put(
          prefix + "neurons",
          new NeuronRecords(
              weight(prefix + "gate_proj.weight"),
              weight(prefix + "up_proj.weight"),
              weight(prefix + "down_proj.weight"),
              experts.order(),
              dtype));
      tensors.put(
          prefix + "experts.offsets",
          TensorSource.ofInts(experts.offsets(), experts.offsets().length));
      tensors.put(prefix + "experts.runs", TensorSource.ofInts(runs, experts.runCount(), 2));
    }
    float[] router = model.routers().get(l);
    int d = model.hiddenSize();
    tensors.put(prefix + "router.weight", TensorSource.of(router, router.length / d, d));
    return tensors;
  }

  private ExpertBlocks blocks(int l) {
    String prefix = "model.layers." + l + ".mlp.";
    HardMasks masks = model.masks();
    List<ExpertBlocks.Kept> kept = new ArrayList<>();
    for (int e = 0; e < masks.experts(); e++) {
      int[] inputs = masks.inputs(l, e);
      int[] neurons = inputs.length == 0 ? new int[0] : layers.get(l).neurons(e);
      kept.add(new ExpertBlocks.Kept(inputs, neurons));
    }
    return new ExpertBlocks(
        weight(prefix + "gate_proj.weight"),
        weight(prefix + "up_proj.weight"),
        weight(prefix + "down_proj.weight"),
        kept,
        dtype);
  }

  private StoredTensor weight(String name) {
    StoredTensor t = model.weights().get(name);
    if (t == null) {
      throw new UserError("the model to compile has no tensor " + name);
    }
    return t;
  }

  private SequencedMap<String, TensorSource> maskTensors() {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    HardMasks masks = model.masks();
    for (int l = 0; l < masks.layers(); l++) {
      byte[] on = new byte[masks.experts() * masks.neurons()];
      for (int i = 0; i < on.length; i++) {
        on[i] = (byte) (masks.on(l, i / masks.neurons(), i % masks.neurons()) ? 1 : 0);
      }
      int[] order = layers.get(l).order();
      tensors.put(
          "layers." + l + ".masks", TensorSource.ofBytes(on, masks.experts(), masks.neurons()));
      if (masks.hasInputs()) {
        tensors.put("layers." + l + ".input_masks", inputMasks(l));
      }
      tensors.put("layers." + l + ".neuron_order", TensorSource.ofInts(order, order.length));
    }
    return tensors;
  }

  private TensorSource inputMasks(int l) {
    int d = model.hiddenSize();
    byte[] on = new byte[model.masks().experts() * d];
    for (int e = 0; e < model.masks().experts(); e++) {
      boolean[] mask = model.masks().inputMask(l, e);
      for (int c = 0; c < d; c++) {
        on[e * d + c] = (byte) (mask[c] ? 1 : 0);
      }
    }
    return TensorSource.ofBytes(on, model.masks().experts(), d);
  }

  private Compiled.Sizes sizes(SequencedMap<String, TensorSource> tensors) {
    long dense = model.weights().values().stream().mapToLong(StoredTensor::elements).sum();
    long parameters = 0;
    long bytes = 0;
    for (TensorSource t : tensors.values()) {
      bytes += t.byteSize();
      parameters += t.dtype() == DType.I32 ? 0 : t.byteSize() / t.dtype().blockBytes();
    }
    long ffn = 0;
    long routers = 0;
    long runsFfn = 0;
    long copiedFfn = 0;
    HardMasks masks = model.masks();
    for (int l = 0; l < masks.layers(); l++) {
      ffn += 3L * model.hiddenSize() * masks.neurons();
      routers += 4L * model.routers().get(l).length;
      runsFfn += masks.hasInputs() ? 0 : runsBytes(l);
      copiedFfn += masks.hasInputs() ? blocks(l).byteSize() : copiedBytes(l);
    }
    long rest = (dense - ffn) * dtype.blockBytes() + routers;
    OptionalLong runs = masks.hasInputs() ? OptionalLong.empty() : OptionalLong.of(rest + runsFfn);
    return new Compiled.Sizes(dense, parameters, bytes, runs, rest + copiedFfn);
  }

  private long runsBytes(int l) {
    HardMasks masks = model.masks();
    long runs =
        layout == Layout.COPIED
            ? ExpertLayout.runs(masks.layer(l)).runCount()
            : layers.get(l).runCount();
    return recordBytes() * layers.get(l).live() + 4L * (masks.experts() + 1) + 8 * runs;
  }

  private long copiedBytes(int l) {
    HardMasks masks = model.masks();
    long bytes = 4L * (masks.experts() + 1);
    for (int e = 0; e < masks.experts(); e++) {
      bytes += recordBytes() * masks.size(l, e) + (masks.size(l, e) > 0 ? 8 : 0);
    }
    return bytes;
  }

  private long recordBytes() {
    return 3L * model.hiddenSize() * dtype.blockBytes();
  }

  private void copyTokenizer(Path to) {
    if (model.tokenizer() == null) {
      return;
    }
    for (String name : TOKENIZER_FILES) {
      Path from = model.tokenizer().resolve(name);
      try {
        if (Files.exists(from)) {
          Files.copy(from, to.resolve(name));
        }
      } catch (IOException e) {
        throw new UserError("cannot copy " + from + ": " + e.getMessage(), e);
      }
    }
  }
}
