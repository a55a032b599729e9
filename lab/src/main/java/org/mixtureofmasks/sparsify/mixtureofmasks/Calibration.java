package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.sparsify.Preparation;

/** The calibrated start, every layer by itself: k-masks cluster a layer's tokens. */
class Calibration implements Preparation.OfTokens {
  private final MixtureOfMasksOptions options;
  private final int gates;
  private final SplittableRandom random;
  private final Consumer<List<LayerStart>> ready;
  private final List<LayerStart> starts = new ArrayList<>();

  Calibration(
      MixtureOfMasksOptions options,
      ModelConfig config,
      long seed,
      Consumer<List<LayerStart>> ready) {
    this.options = options;
    this.gates = options.gates(config.intermediateSize());
    this.random = new SplittableRandom(seed);
    this.ready = ready;
  }

  /**
   * The calibrated start that the options ask for.
   *
   * @param ready takes the starts of all layers
   */
  static Preparation of(
      MixtureOfMasksOptions options,
      ModelConfig config,
      long seed,
      Consumer<List<LayerStart>> ready) {
    return options.layerShares() == Shares.BY_LOSS
        ? new CalibrationByLoss(options, config, seed, ready)
        : new Calibration(options, config, seed, ready);
  }

  @Override
  public void layer(int layer, Tensor x, FfnWeights weights) {
    starts.add(start(x, weights, gatesOn(layer)));
  }

  /** A start of a layer; draws anew for each call. */
  final LayerStart start(Tensor x, FfnWeights weights, int gatesOn) {
    return new LayerCalibration(options).of(x, weights, gatesOn, random.split());
  }

  /** Gates that each mask of a layer keeps. */
  int gatesOn(int layer) {
    return (int) Math.round(UnionDensity.independent(options.target(), options.topK()) * gates);
  }

  /** Gates of each mask. */
  final int gates() {
    return gates;
  }

  @Override
  public final void finish() {
    ready.accept(starts);
  }
}
