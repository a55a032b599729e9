package org.mixtureofmasks.format;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * The tensors of a model's file by their specs, whatever the format calls them. When this object
 * exists every one is there and has its shape, and none is left over; nothing was read or allocated
 * for that.
 */
public final class ModelTensors {
  /** Tables of rotary frequencies that old checkpoints hold and nobody reads. */
  private static final String OLD_ROTARY_TABLE = "rotary_emb.inv_freq";

  private final Checkpoint.Format format;
  private final int headDim;
  private final List<TensorSpec> inFileOrder = new ArrayList<>();
  private final NamedTensors tensors;
  private final TensorSpecs specs;

  private ModelTensors(Checkpoint checkpoint, ModelConfig config) {
    this.format = checkpoint.format();
    this.headDim = config.headDim();
    this.specs = config.tensors();
    Map<String, List<TensorSpec>> byName =
        specs.all().stream()
            .collect(Collectors.groupingBy(spec -> spec.nameIn(checkpoint.format())));
    Map<String, StoredTensor> found = new LinkedHashMap<>();
    UnaryOperator<String> names = StoredNames.of(checkpoint, config.tieEmbeddings());
    for (StoredTensor tensor : checkpoint.tensors().values()) {
      List<TensorSpec> held = byName.get(names.apply(tensor.name()));
      if (held == null) {
        leftOver(checkpoint, config, tensor);
        found.put(tensor.name(), tensor);
      } else {
        held.forEach(spec -> found.put(spec.name(), part(tensor, spec)));
        inFileOrder.addAll(held);
      }
    }
    this.tensors = new NamedTensors(checkpoint.path(), found);
  }

  /**
   * The tensors of a model, each checked against the shape that its configuration gives it.
   *
   * @param checkpoint of any format
   * @param config its configuration
   * @return the tensors; they live as long as the checkpoint
   * @throws BadCheckpoint naming the tensor that is missing, of another shape than the
   *     configuration says (both are named), or of no layer of the model
   */
  public static ModelTensors of(Checkpoint checkpoint, ModelConfig config) {
    checkLayers(checkpoint, config);
    ModelTensors tensors = new ModelTensors(checkpoint, config);
    boolean projections =
        config
            .mixtureOfMasks()
            .map(m -> m.layout() == Layout.MASKED)
            .orElse(config.tokenMasks().isEmpty());
    for (TensorSpec spec : tensors.specs.stored()) {
      if (projections || !spec.role().isFfn()) {
        tensors.get(spec);
      }
    }
    return tensors;
  }

  /** A list of a billion layers' tensors would itself be large. */
  private static void checkLayers(Checkpoint checkpoint, ModelConfig config) {
    int held = checkpoint.tensors().size();
    if (checkpoint.format() != Checkpoint.Format.LLAMA2C && config.layers() > held) {
      throw new BadCheckpoint(
          checkpoint.path(),
          -1,
          "has %d layers by its config, but only %d tensors".formatted(config.layers(), held));
    }
  }

  /** A tensor that nothing reads would be ignored: refused instead. */
  private static void leftOver(Checkpoint checkpoint, ModelConfig config, StoredTensor tensor) {
    String name = tensor.name();
    boolean known =
        switch (checkpoint.format()) {
          case HUGGING_FACE ->
              name.endsWith(OLD_ROTARY_TABLE)
                  || config.tieEmbeddings() && name.equals(StoredNames.TIED_SCALES)
                  || SparseNames.isOfSomeFfn(name, config);
          case GGUF -> name.equals(GgufConfig.ROPE_FACTORS); // read with the configuration
          case LLAMA2C -> Set.of("freq_cis_real", "freq_cis_imag").contains(name); // computed here
        };
    if (!known) {
      throw new BadCheckpoint(
          tensor.file(),
          tensor.offset(),
          "tensor '%s' belongs to no layer of a %s model of %d layers"
              .formatted(name, config.family(), config.layers()));
    }
  }

  /** The tensor itself, or a layer's slice of a stack of all layers as llama2.c has them. */
  private StoredTensor part(StoredTensor tensor, TensorSpec spec) {
    if (format != Checkpoint.Format.LLAMA2C || spec.layer() == TensorSpec.NO_LAYER) {
      return tensor;
    }
    List<Long> shape = tensor.shape().subList(1, tensor.shape().size());
    long bytes = tensor.data().byteSize() / tensor.shape().getFirst();
    long at = spec.layer() * bytes;
    return new StoredTensor(
        spec.name(),
        tensor.dtype(),
        shape,
        tensor.data().asSlice(at, bytes),
        tensor.file(),
        tensor.offset() + at);
  }

  /**
   * {@return the stored tensor, of the shape that the table says}
   *
   * @param spec a line of the family's table
   * @throws BadCheckpoint if it is not there, as a tied one or a sparse model's projections may be
   */
  public StoredTensor get(TensorSpec spec) {
    return tensors.get(spec.name(), spec.dimensions());
  }

  /**
   * {@return the stored tensor of a role, of the shape that the family's table says}
   *
   * @param role that the family has
   * @param layer from 0, or {@link TensorSpec#NO_LAYER}
   * @throws BadCheckpoint if it is not there, as {@link #get(TensorSpec)}
   * @throws IllegalArgumentException if the family has no such role
   */
  public StoredTensor get(TensorSpec.Role role, int layer) {
    return get(specs.get(role, layer));
  }

  /** {@return the table of the model's tensors, stored or not} */
  public TensorSpecs specs() {
    return specs;
  }

  /**
   * {@return the lines of the table whose tensors the file has, in its order, tied ones left out}
   */
  public List<TensorSpec> inFileOrder() {
    return inFileOrder.stream().filter(spec -> !spec.tied()).toList();
  }

  /** All tensors by Hugging Face's names, a sparse layer's own among them. */
  NamedTensors named() {
    return tensors;
  }

  /**
   * Row r of a tensor as this project has it is row order(r) of the file; empty when they agree.
   *
   * @param spec a line of the family's table
   * @return the order; it turns the rows of queries and keys of GGUF and llama2.c files
   */
  public Optional<IntUnaryOperator> rowOrder(TensorSpec spec) {
    if (!spec.rotary() || format == Checkpoint.Format.HUGGING_FACE) {
      return Optional.empty();
    }
    int half = headDim / 2;
    return Optional.of(
        r -> {
          int within = r % headDim;
          return r - within + (within < half ? 2 * within : 2 * (within - half) + 1);
        });
  }
}
