package org.mixtureofmasks.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.StoredTensor;

/** The shares of a model as its headers alone tell them, every expert equally likely. */
public final class StoredShares {
  /** Bytes of an I32. */
  private static final int INDEX = Integer.BYTES;

  /** Bytes of the two thresholds of a layer with token masks. */
  public static final int THRESHOLDS = 2 * Float.BYTES;

  private static final int LINE = 64;

  private final Map<String, StoredTensor> tensors;
  private final ModelConfig config;
  private final ModelConfig.MixtureOfMasks mom;
  private final double chosen;

  private StoredShares(Checkpoint checkpoint, ModelConfig config, ModelConfig.MixtureOfMasks mom) {
    this.tensors = checkpoint.tensors();
    this.config = config;
    this.mom = mom;
    this.chosen = meanChosen(mom);
  }

  /**
   * The shares of a model folder or file; {@link Shares#DENSE} for a dense one.
   *
   * @param checkpoint only its headers are read
   * @param config its configuration
   * @return {@link Shares#allIn} is NaN where the folder lacks a tensor of its layout
   */
  public static Shares of(Checkpoint checkpoint, ModelConfig config) {
    if (config.tokenMasks().isPresent()) {
      return tokenMasks(checkpoint.tensors(), config, config.tokenMasks().get());
    }
    return config
        .mixtureOfMasks()
        .map(mom -> new StoredShares(checkpoint, config, mom).shares())
        .orElse(Shares.DENSE);
  }

  /** As many inputs and neurons as the method's own text kept, in whole cache lines. */
  private static Shares tokenMasks(
      Map<String, StoredTensor> tensors, ModelConfig config, ModelConfig.TokenMasks masks) {
    double d = config.hiddenSize();
    double m = config.intermediateSize();
    List<FfnReads> layers = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      String prefix = SparseNames.ffn(l);
      double inputs = masks.keptInputs().get(l) * d;
      double neurons = masks.keptNeurons().get(l) * m;
      double active = masks.choice().weights(inputs, neurons, d, m);
      layers.add(
          switch (masks.choice()) {
            case INPUTS -> {
              StoredTensor byInput = tensors.get(prefix + SparseNames.BY_INPUT);
              StoredTensor byNeuron = tensors.get(prefix + SparseNames.BY_NEURON);
              double read = inputs * line(byInput) + neurons * line(byNeuron);
              double dense =
                  byInput == null || byNeuron == null ? 0 : byInput.bytes() + byNeuron.bytes();
              yield new FfnReads(active, read, THRESHOLDS, dense);
            }
            case PREVIEW -> {
              StoredTensor records = tensors.get(prefix + SparseNames.NEURONS);
              double row = line(tensors.get(prefix + SparseNames.PREVIEW));
              StoredTensor directions = tensors.get(prefix + SparseNames.DIRECTIONS);
              double all = directions == null ? Double.NaN : directions.bytes();
              double ofOthers = Math.min(all, (m - neurons) * line(directions));
              yield new FfnReads(
                  active,
                  neurons * line(records),
                  Preview.PLANES * inputs * row + ofOthers + readByEveryToken(config),
                  records == null ? 0 : records.bytes());
            }
          });
    }
    return Shares.of(layers, 3 * d * m);
  }

  /**
   * Bytes of what every token reads of a preview: centres, scales, what the centres give, and three
   * thresholds.
   *
   * @param config shape of the model
   * @return bytes
   */
  public static long readByEveryToken(ModelConfig config) {
    long floats = 3L * config.hiddenSize() + 2L * config.intermediateSize() + 3;
    return floats * Float.BYTES;
  }

  /** Bytes of a row in whole cache lines. */
  private static double line(@Nullable StoredTensor tensor) {
    return tensor == null
        ? Double.NaN
        : Math.ceilDiv(tensor.bytes() / tensor.shape().getFirst(), LINE) * (double) LINE;
  }

  /**
   * Experts that a token chooses on average; with a threshold, where only tokens can tell, as many
   * as the share that was asked for takes of all.
   *
   * @param mom of the model's configuration
   * @return the mean, in (0, E]
   */
  public static double meanChosen(ModelConfig.MixtureOfMasks mom) {
    return mom.routing().select() == Routing.Select.THRESHOLD
        ? mom.activeFfnShare() * mom.experts()
        : mom.expertsPerToken();
  }

  private Shares shares() {
    double weights = 3.0 * config.hiddenSize() * config.intermediateSize();
    List<FfnReads> layers = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      layers.add(layer(SparseNames.ffn(l), weights));
    }
    return Shares.of(layers, weights);
  }

  private FfnReads layer(String prefix, double weights) {
    double router = bytes(prefix + SparseNames.ROUTER);
    double active = mom.activeFfnShare() * weights;
    if (tensors.containsKey(prefix + "gate_proj.weight")) { // layout masked: all, masked after
      double dense =
          bytes(prefix + "gate_proj.weight")
              + bytes(prefix + "up_proj.weight")
              + bytes(prefix + "down_proj.weight");
      int mask =
          config.intermediateSize() + (mom.inputMasks().isPresent() ? config.hiddenSize() : 0);
      return new FfnReads(active, dense, router + chosen * mask, dense);
    }
    if (mom.inputMasks().isPresent()) {
      double perWeight = bytesPerElement(prefix + SparseNames.DOWN);
      double lists = bytes(prefix + SparseNames.INPUTS) / mom.experts();
      return new FfnReads(active, active * perWeight, router + chosen * lists, weights * perWeight);
    }
    double perWeight = bytesPerElement(prefix + SparseNames.NEURONS);
    double lists = bytes(prefix + SparseNames.RUNS) / mom.experts() + 2 * INDEX;
    return new FfnReads(active, active * perWeight, router + chosen * lists, weights * perWeight);
  }

  private double bytes(String name) {
    StoredTensor tensor = tensors.get(name);
    return tensor == null ? Double.NaN : tensor.bytes();
  }

  private double bytesPerElement(String name) {
    StoredTensor tensor = tensors.get(name);
    return tensor == null ? Double.NaN : (double) tensor.bytes() / tensor.elements();
  }
}
