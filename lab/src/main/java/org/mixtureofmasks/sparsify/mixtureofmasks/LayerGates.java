package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.sparsify.MaskTensors;

/**
 * The sets of gates of one layer, and what they use of the FFN's weights.
 *
 * @param neurons of the intermediate neurons, experts x intermediate_size in blocks; of the gate
 *     projection when there is {@code up}
 * @param up of the up projection, of the same shape and blocks; empty where a neuron has one gate
 * @param inputs of the FFN's inputs, experts x hidden_size; empty when every mask reads all of them
 */
record LayerGates(Gates neurons, Optional<Gates> up, Optional<Gates> inputs) {
  /** What the names of the up projection's gates begin with. */
  static final String UP = "up.";

  /** What the names of the inputs' gates begin with. */
  static final String INPUTS = "input.";

  /** The gates that decide what is shipped, by what their masks select. */
  Map<Dimension, Gates> byDimension() {
    return inputs
        .map(in -> Map.of(Dimension.NEURONS, neurons, Dimension.INPUTS, in))
        .orElse(Map.of(Dimension.NEURONS, neurons));
  }

  /** The sets of gates by what their tensors' names begin with, in the order noise is drawn in. */
  Map<String, Gates> sets() {
    Map<String, Gates> sets = new LinkedHashMap<>();
    sets.put("", neurons);
    up.ifPresent(gates -> sets.put(UP, gates));
    inputs.ifPresent(gates -> sets.put(INPUTS, gates));
    return sets;
  }

  int experts() {
    return (int) neurons.logAlpha().size(0);
  }

  boolean hardened() {
    return neurons.hardened();
  }

  /** New noise for one micro-batch, shared by all its tokens. */
  void drawNoise() {
    sets().values().forEach(Gates::drawNoise);
  }

  /** After an update; see {@link Gates#settle}. */
  void settle() {
    sets().values().forEach(Gates::settle);
  }

  /** Takes the same off the log-alpha of a mask's gates in every set: experts x 1. */
  void shift(Tensor shift) {
    sets().values().forEach(gates -> gates.shift().copy_(shift));
  }

  /**
   * Makes the masks binary for good. A neuron whose gate or up projection is off is dead, since
   * SiLU(0) = 0, so both get the one mask.
   *
   * @param masks of every dimension that this layer masks
   * @param layer which one this is
   */
  void harden(ExpertMasks masks, int layer) {
    byDimension()
        .forEach((dimension, gates) -> gates.harden(MaskTensors.of(masks.layer(dimension, layer))));
    up.ifPresent(gates -> gates.harden(neurons.hard()));
  }

  /**
   * What the masks use of the FFN's weights when each gate counts as a number in [0, 1], such as
   * its probability to be open: experts x gates. The mean of a row is the mask's active share; a
   * neuron counts with the product of its two gates where it has two.
   */
  Tensor shares(Function<Gates, Tensor> value) {
    Tensor on = product(value);
    return inputs.map(in -> ActiveShare.of(value.apply(in).mean(1).unsqueeze(1), on)).orElse(on);
  }

  /** Of a neuron's gates, or of its only one. */
  private Tensor product(Function<Gates, Tensor> value) {
    Tensor first = value.apply(neurons);
    return up.map(gates -> first.mul(value.apply(gates))).orElse(first);
  }

  /** The active share when every gate counts as the same number. */
  double share(double value) {
    double on = up.isPresent() ? value * value : value;
    return inputs.isPresent() ? ActiveShare.of(value, on) : on;
  }

  /** Active share of the open gates: those whose log-alpha is above 0, or the hard ones. */
  double openShare() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      return shares(Gates::open).mean().item_double();
    }
  }

  /** The paper's R_h · R_FFN of the open gates: mean over masks of |in| / d · |mid| / m. */
  double openProduct() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Tensor f = product(Gates::open).mean(1);
      return inputs.map(in -> f.mul(in.open().mean(1))).orElse(f).mean().item_double();
    }
  }

  /** Every gate of every mask with this micro-batch's noise: experts x gates of all sets. */
  Tensor sampled() {
    List<Tensor> all = new ArrayList<>();
    sets().values().forEach(gates -> all.add(gates.sampled()));
    return torch.cat(new TensorVector(all.toArray(new Tensor[0])), 1);
  }

  /**
   * What neurons are kept by, experts x gates: log-alpha; or, of two gates, the log-odds that both
   * are open, which ranks as the product does: P = σ(g) σ(u), ln(P / (1 - P)) = -ln(e^-g + e^-u +
   * e^-(g+u)).
   */
  Tensor ranking() {
    Tensor g = neurons.logAlpha();
    return up.map(gates -> bothOpen(g, gates.logAlpha())).orElse(g);
  }

  private static Tensor bothOpen(Tensor g, Tensor u) {
    return torch.logaddexp(torch.logaddexp(g.neg(), u.neg()), g.add(u).neg()).neg();
  }
}
