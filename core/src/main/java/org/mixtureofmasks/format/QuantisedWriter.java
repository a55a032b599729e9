package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.ConvertedTensor;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;

/**
 * Writes a model, dense or sparse, with its matrices rounded to 8 or 4 bits; docs/file-formats.md
 * says what is in the folder. The embedding, the output projection and routers get 8 bits; norms
 * and lists of neurons stay as they are.
 */
public final class QuantisedWriter {
  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final ModelTensors tensors;
  private final DType matrices;
  private final DType rest;
  private final List<Roundable> parts = new ArrayList<>();
  private final SequencedMap<String, TensorSource> outputScales = new LinkedHashMap<>();

  /**
   * Finds what is to be rounded; nothing is read but headers.
   *
   * @param checkpoint of any format, open until the folder is written
   * @param matrices INT8 or INT4
   * @throws UserError if it is quantised as compressed-tensors does it already, its experts have
   *     masks of inputs, or it has token masks and 4 bits are wanted
   * @throws org.mixtureofmasks.io.BadCheckpoint if it is no model of a known shape
   */
  public QuantisedWriter(Checkpoint checkpoint, DType matrices) {
    this.checkpoint = checkpoint;
    this.matrices = matrices;
    this.config = ConfigReader.read(checkpoint);
    this.tensors = ModelTensors.of(checkpoint, config);
    this.rest = HuggingFaceWriter.ownDtype(checkpoint);
    if (checkpoint.metadata().has(Quantisation.MEMBER)) {
      throw new UserError(
          "%s is quantised already: rounding twice loses twice; give the model that it was made from"
              .formatted(checkpoint.path()));
    }
    for (TensorSpec spec : tensors.inFileOrder()) {
      kind(spec.role()).ifPresent(kind -> add(spec, kind));
    }
    config.mixtureOfMasks().ifPresent(this::addExperts);
    if (config.tokenMasks().isPresent()) {
      addTokenMasks();
    }
  }

  /** {@return the shape of the model} */
  public ModelConfig config() {
    return config;
  }

  /** {@return what is to be rounded, layers in order} */
  public List<Roundable> parts() {
    return List.copyOf(parts);
  }

  /** {@return bytes of the tensors that will be written, those of norms and lists left out} */
  public long bytes() {
    // A scale of 16 bits for each row or 32 weights.
    return parts.stream()
        .mapToLong(
            p -> {
              long weights = (long) p.rows() * p.columns();
              return p.dtype() == DType.INT4
                  ? weights / 2 + weights / Quantisation.GROUP * Short.BYTES
                  : weights + (long) p.rows() * Short.BYTES;
            })
        .sum();
  }

  /**
   * Which stored neurons each expert holds, after the model was opened, which checks its runs.
   *
   * @return by layer and expert; no experts in the layers of a dense model or of the layout masked
   */
  public List<List<BitSet>> heldNeurons() {
    List<List<BitSet>> layers = new ArrayList<>();
    if (config.mixtureOfMasks().isEmpty()) {
      return Collections.nCopies(config.layers(), List.of());
    }
    try (SparseFolder folder = new SparseFolder(checkpoint, config, tensors)) {
      for (int l = 0; l < config.layers(); l++) {
        layers.add(
            folder.layer(l) instanceof StoredExperts.Neurons neurons ? held(neurons) : List.of());
      }
    }
    return layers;
  }

  private static List<BitSet> held(StoredExperts.Neurons neurons) {
    int[] offsets = Elements.toInts(neurons.offsets());
    int[] runs = Elements.toInts(neurons.runs());
    List<BitSet> experts = new ArrayList<>();
    for (int e = 0; e + 1 < offsets.length; e++) {
      BitSet held = new BitSet();
      for (int r = offsets[e]; r < offsets[e + 1]; r++) {
        held.set(runs[2 * r], runs[2 * r] + runs[2 * r + 1]);
      }
      experts.add(held);
    }
    return experts;
  }

  private static Optional<Roundable.Kind> kind(TensorSpec.Role role) {
    return switch (role) {
      case EMBEDDING, OUTPUT -> Optional.of(Roundable.Kind.END);
      case QUERY, KEY, VALUE -> Optional.of(Roundable.Kind.QKV);
      case ATTENTION_OUTPUT -> Optional.of(Roundable.Kind.ATTENTION_OUTPUT);
      case GATE -> Optional.of(Roundable.Kind.GATE);
      case UP -> Optional.of(Roundable.Kind.UP);
      case DOWN -> Optional.of(Roundable.Kind.DOWN);
      case ATTENTION_NORM, FFN_NORM, FINAL_NORM -> Optional.empty();
    };
  }

  private void add(TensorSpec spec, Roundable.Kind kind) {
    parts.add(
        new Roundable(
            spec.name(),
            tensors.get(spec),
            tensors.rowOrder(spec).orElse(null),
            kind == Roundable.Kind.END ? DType.INT8 : matrices,
            kind,
            spec.layer(),
            null));
  }

  private void addExperts(ModelConfig.MixtureOfMasks sparse) {
    if (sparse.inputMasks().isPresent() && sparse.layout() == Layout.COPIED) {
      throw new UserError(
          "%s has input masks: each of its experts is a small FFN with rows of its own length, which are not stored in few bits; run it with --weights int8, or compile it with --layout masked"
              .formatted(checkpoint.path()));
    }
    try (SparseFolder folder = new SparseFolder(checkpoint, config, tensors)) {
      for (int l = 0; l < config.layers(); l++) {
        StoredExperts experts = folder.layer(l);
        part(experts.router(), DType.INT8, Roundable.Kind.END, l);
        if (experts instanceof StoredExperts.Neurons neurons) {
          neurons(neurons.neurons(), SparseNames.ffn(l) + SparseNames.OUTPUTS, l);
        }
      }
    }
  }

  private void addTokenMasks() {
    if (matrices != DType.INT8) {
      throw new UserError(
          "%s has token masks, %s q4: --weights int8"
              .formatted(
                  checkpoint.path(),
                  config.tokenMasks().orElseThrow().choice() == ShippedThresholds.Choice.INPUTS
                      ? "whose weights lie by input and are not run in"
                      : "whose preview in 4 bits would be two fifths of weights in"));
    }
    for (int l = 0; l < config.layers(); l++) {
      String prefix = SparseNames.ffn(l);
      switch (StoredTokenMasks.of(tensors, config, l)) {
        case StoredTokenMasks.Inputs stored -> {
          byInput(stored.byInput(), prefix + SparseNames.BY_INPUT_OUTPUTS, l);
          byInput(stored.byNeuron(), prefix + SparseNames.BY_NEURON_OUTPUTS, l);
        }
        case StoredTokenMasks.ByPreview stored ->
            neurons(stored.neurons(), prefix + SparseNames.NEURONS_OUTPUTS, l);
      }
    }
  }

  /** A matrix whose every row has one weight for each output. */
  private void byInput(StoredTensor tensor, String scales, int layer) {
    float[] outputs = OutputScales.ofColumns(tensor);
    outputScales.put(scales, TensorSource.of(outputs, outputs.length));
    Roundable.Kind kind = Roundable.Kind.BY_INPUT;
    parts.add(new Roundable(tensor.name(), tensor, null, matrices, kind, layer, outputs));
  }

  private void part(StoredTensor tensor, DType dtype, Roundable.Kind kind, int layer) {
    parts.add(new Roundable(tensor.name(), tensor, null, dtype, kind, layer, null));
  }

  private void neurons(StoredTensor tensor, String scales, int layer) {
    float[] outputs = matrices == DType.INT8 ? OutputScales.of(tensor) : null;
    if (outputs != null) {
      outputScales.put(scales, TensorSource.of(outputs, outputs.length));
    }
    Roundable.Kind kind = Roundable.Kind.NEURONS;
    parts.add(new Roundable(tensor.name(), tensor, null, matrices, kind, layer, outputs));
  }

  /**
   * Writes model.safetensors and config.json, and what else a sparse folder has; the caller adds
   * tokenizers and commits.
   *
   * @param folder gets them
   * @param rounded by name, one for each of {@link #parts}
   * @param rounding in a few words, for the header: "nearest", "gptq"
   * @param parent hash of the model that was rounded
   * @throws UserError if something cannot be written
   */
  public void write(
      ModelFolderWriter folder,
      Map<String, QuantisedTensor> rounded,
      String rounding,
      String parent) {
    SequencedMap<String, TensorSource> all = new LinkedHashMap<>();
    for (TensorSpec spec : tensors.inFileOrder()) {
      if (!rounded.containsKey(spec.name())) {
        all.put(spec.name(), unchanged(tensors.get(spec)));
      }
    }
    for (StoredTensor tensor : checkpoint.tensors().values()) {
      if (SparseNames.isOfSomeFfn(tensor.name(), config) && !rounded.containsKey(tensor.name())) {
        all.put(tensor.name(), TensorSource.of(tensor));
      }
    }
    rounded.forEach((name, tensor) -> tensor.addTo(all, name));
    all.putAll(outputScales);
    if (config.tieEmbeddings()) {
      String embedding = tensors.specs().get(TensorSpec.Role.EMBEDDING, TensorSpec.NO_LAYER).name();
      all.put(
          StoredNames.TIED_SCALES,
          Objects.requireNonNull(rounded.get(embedding), embedding).scaleTensor());
    }
    SequencedMap<String, String> header = new LinkedHashMap<>();
    header.put("rounding", rounding);
    header.put("parent", parent);
    folder.weights(header, all);
    ObjectNode json =
        checkpoint.format() == Checkpoint.Format.HUGGING_FACE
            ? ConfigReader.description(checkpoint)
            : HuggingFaceConfig.write(config, rest);
    Quantisation.write(json, matrices);
    folder.json(HuggingFaceConfig.FILE, json);
    if (config.sparse()) {
      folder.copy(checkpoint.path(), SparseNames.MASKS_FILE);
      folder.copy(checkpoint.path(), "README.md");
    }
  }

  private TensorSource unchanged(StoredTensor norm) {
    boolean plain = norm.dtype() == DType.F32 || norm.dtype() == DType.BF16;
    return plain ? TensorSource.of(norm) : new ConvertedTensor(norm, rest, null);
  }
}
