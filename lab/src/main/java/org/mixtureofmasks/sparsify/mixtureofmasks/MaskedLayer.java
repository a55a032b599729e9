package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.sparsify.MaskTensors;

/**
 * Router and sets of gates of one layer while training, and how the gates enter the FFN. With v_s =
 * Σ_e w~_e V_e of a set s (one tokens x experts x dimensions product forward; its backward gives dv
 * V^T, which is the router's gradient):
 *
 * <ul>
 *   <li>y = (a ⊙ v) W_d^T, a = SiLU(x W_g^T) ⊙ (x W_u^T): gates on the neurons;
 *   <li>a = SiLU(x W_g^T ⊙ v_g) ⊙ (x W_u^T ⊙ v_u), y = a W_d^T: gates on both projections (FW);
 *   <li>x ⊙ v_in in place of x in either: gates on the inputs too (FH, FWH). The router sees x.
 * </ul>
 */
final class MaskedLayer {
  /** What the names of the up projection's gates begin with. */
  static final String UP = "up.";

  /** What the names of the inputs' gates begin with. */
  static final String INPUTS = "input.";

  private final Router router;

  /** Of the intermediate neurons; of the gate projection when {@link #up} is there. */
  private final Gates neurons;

  /** Of the up projection, or null. */
  private final Gates up;

  /** Of the FFN's inputs, or null: every mask reads all of them. */
  private final Gates inputs;

  /**
   * @param router trainable, experts x hidden_size
   * @param neurons experts x intermediate_size, in blocks
   * @param up of the same shape and blocks, or null
   * @param inputs experts x hidden_size, or null
   */
  MaskedLayer(Router router, Gates neurons, Gates up, Gates inputs) {
    this.router = router;
    this.neurons = neurons;
    this.up = up;
    this.inputs = inputs;
  }

  Router router() {
    return router;
  }

  Gates neurons() {
    return neurons;
  }

  /** Null when every mask reads all inputs. */
  Gates inputs() {
    return inputs;
  }

  /** The gates that decide what is shipped, by what their masks select. */
  Map<Dimension, Gates> gates() {
    return inputs == null
        ? Map.of(Dimension.NEURONS, neurons)
        : Map.of(Dimension.NEURONS, neurons, Dimension.INPUTS, inputs);
  }

  /** The sets of gates by what their tensors' names begin with, in the order noise is drawn in. */
  Map<String, Gates> sets() {
    Map<String, Gates> sets = new LinkedHashMap<>();
    sets.put("", neurons);
    if (up != null) {
      sets.put(UP, up);
    }
    if (inputs != null) {
      sets.put(INPUTS, inputs);
    }
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
    gates()
        .forEach((dimension, gates) -> gates.harden(MaskTensors.of(masks.layer(dimension, layer))));
    if (up != null) {
      up.harden(neurons.hard());
    }
  }

  /**
   * The masked FFN.
   *
   * @param x tokens x hidden_size, fp32
   * @param sampled with this micro-batch's noise, or without noise; the same once hardened
   * @return tokens x hidden_size, fp32
   */
  Tensor apply(Tensor x, Router.Routing routing, FfnWeights weights, boolean sampled) {
    Tensor w = weights.precision().cast(routing.weights());
    Tensor in = x;
    if (inputs != null) {
      in = weights.precision().cast(x).mul(mixed(w, inputs, weights, sampled));
    }
    Tensor v = mixed(w, neurons, weights, sampled);
    // Binary masks give the same either way, and only a ⊙ v lets the router learn from a neuron
    // that is off: between two factors that are both 0 the gradient is 0.
    if (up == null || hardened()) {
      return weights.project(weights.activations(in).mul(v));
    }
    Tensor cast = weights.precision().cast(in);
    Tensor gate = weights.precision().linear(cast, weights.gate()).mul(v);
    Tensor linear = weights.precision().linear(cast, weights.up());
    Tensor a = torch.silu(gate).mul(linear.mul(mixed(w, up, weights, sampled)));
    return weights.project(a);
  }

  /** v = Σ_e w~_e V_e, tokens x dimensions. */
  private static Tensor mixed(Tensor w, Gates gates, FfnWeights weights, boolean sampled) {
    return w.matmul(weights.precision().cast(gates.masks(sampled)));
  }

  /**
   * What the masks use of the FFN's weights when each gate counts as a number in [0, 1], such as
   * its probability to be open: experts x gates. The mean of a row is the mask's active share; a
   * neuron counts with the product of its two gates where it has two.
   */
  Tensor shares(Function<Gates, Tensor> value) {
    Tensor on = value.apply(neurons);
    if (up != null) {
      on = on.mul(value.apply(up));
    }
    return inputs == null ? on : ActiveShare.of(value.apply(inputs).mean(1).unsqueeze(1), on);
  }

  /** The active share when every gate counts as the same number. */
  double share(double value) {
    double on = up == null ? value : value * value;
    return inputs == null ? on : ActiveShare.of(value, on);
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
      Tensor on = up == null ? neurons.open() : neurons.open().mul(up.open());
      Tensor f = on.mean(1);
      return (inputs == null ? f : f.mul(inputs.open().mean(1))).mean().item_double();
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
    if (up == null) {
      return g;
    }
    Tensor u = up.logAlpha();
    return torch.logaddexp(torch.logaddexp(g.neg(), u.neg()), g.add(u).neg()).neg();
  }
}
