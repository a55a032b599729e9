package org.mixtureofmasks.format;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * Reads the sparse part of a model folder ({@link SparseWriter} writes it; docs/file-formats.md
 * says what is in it). What it gives lives as long as its checkpoint.
 */
public final class SparseFolder implements AutoCloseable {
  private final Path folder;
  private final ModelConfig config;
  private final ModelConfig.MixtureOfMasks sparse;
  private final NamedTensors tensors;
  private Optional<MaskFile> masks = Optional.empty(); // opened when first asked for

  /**
   * Opens no file of its own yet: masks.safetensors when masks are first asked for.
   *
   * @param checkpoint of the folder
   * @param config of a sparse model
   * @param tensors of the checkpoint
   * @throws java.util.NoSuchElementException if the configuration is a dense model's
   */
  public SparseFolder(Checkpoint checkpoint, ModelConfig config, ModelTensors tensors) {
    this.folder = checkpoint.path();
    this.config = config;
    this.sparse = config.mixtureOfMasks().orElseThrow();
    this.tensors = tensors.named();
  }

  /**
   * The masks of a sparse model folder, whatever its layout.
   *
   * @param model a folder
   * @return every layer's masks, read into memory
   * @throws BadCheckpoint if the model is not sparse, or its masks are missing or malformed
   */
  public static ExpertMasks masks(Path model) {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      ModelConfig config = ConfigReader.read(checkpoint);
      ModelConfig.MixtureOfMasks sparse =
          config
              .mixtureOfMasks()
              .orElseThrow(() -> new BadCheckpoint(model, -1, "is dense: it has no masks"));
      Map<Dimension, List<List<Mask>>> all = new EnumMap<>(Dimension.class);
      try (MaskFile file = new MaskFile(model)) {
        for (Dimension dimension : Dimension.values()) {
          if (dimension == Dimension.NEURONS || sparse.inputMasks().isPresent()) {
            List<List<Mask>> layers = new ArrayList<>();
            for (int l = 0; l < config.layers(); l++) {
              layers.add(file.masks(l, dimension, sparse.experts(), dimension.length(config)));
            }
            all.put(dimension, layers);
          }
        }
      }
      return ExpertMasks.of(all);
    }
  }

  /**
   * A layer's experts in the layout that the configuration names.
   *
   * @param l layer, from 0
   * @return its experts
   * @throws BadCheckpoint naming the tensor that does not fit
   */
  public StoredExperts layer(int l) {
    String prefix = SparseNames.ffn(l);
    int experts = sparse.experts();
    StoredTensor router =
        tensors.get(
            prefix + SparseNames.ROUTER, sparse.routing().routerRows(experts), config.hiddenSize());
    return switch (sparse.layout()) {
      case RUNS -> neurons(prefix, router, sparse.liveNeurons().get(l));
      case COPIED ->
          sparse.inputMasks().isPresent()
              ? new StoredExperts.Blocks(
                  router, new BlockReader(tensors, config).read(prefix, experts))
              : neurons(prefix, router, tensors.anyLength(prefix + SparseNames.NEURONS));
      case MASKED ->
          new StoredExperts.Masked(
              router,
              masks(l, Dimension.NEURONS),
              sparse.inputMasks().map(_ -> masks(l, Dimension.INPUTS)));
    };
  }

  private StoredExperts neurons(String prefix, StoredTensor router, long stored) {
    StoredTensor neurons =
        tensors.get(prefix + SparseNames.NEURONS, stored, 3, config.hiddenSize());
    if (3 * stored > Integer.MAX_VALUE) {
      throw new BadCheckpoint(
          neurons.file(),
          neurons.offset(),
          "tensor '%s' has too many neurons".formatted(neurons.name()));
    }
    String runs = prefix + SparseNames.RUNS;
    return new StoredExperts.Neurons(
        router,
        neurons,
        tensors.get(prefix + SparseNames.OFFSETS, sparse.experts() + 1L),
        tensors.get(runs, tensors.anyLength(runs), 2),
        tensors.find(prefix + SparseNames.OUTPUTS, config.hiddenSize()));
  }

  private List<Mask> masks(int l, Dimension dimension) {
    return file().masks(l, dimension, sparse.experts(), dimension.length(config));
  }

  /**
   * The dense index of each stored neuron of a layer: which copies are the same neuron.
   *
   * @param l layer, from 0
   * @param stored neurons of the layer
   * @return {@code stored} indices in [0, intermediate_size)
   * @throws BadCheckpoint if masks.safetensors is missing or does not fit
   */
  public int[] neuronOrder(int l, int stored) {
    return file().neuronOrder(l, stored, config.intermediateSize());
  }

  private MaskFile file() {
    if (masks.isEmpty()) {
      masks = Optional.of(new MaskFile(folder));
    }
    return masks.get();
  }

  @Override
  public void close() {
    masks.ifPresent(MaskFile::close);
  }
}
