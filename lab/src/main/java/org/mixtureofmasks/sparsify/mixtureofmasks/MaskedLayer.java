package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;

/**
 * Masks and router of one layer while training. Gates are sampled in training passes, noise-free
 * when the model is judged, and binary once hardened.
 */
final class MaskedLayer {
  private final Router router;
  private final Tensor logAlpha;
  private final int block;

  /** What the density constraint takes off log-alpha, experts x 1; carries no gradient. */
  private final Tensor shift;

  /** Uniform noise of this micro-batch, experts x gates. */
  private final Tensor noise;

  /** Binary masks, experts x intermediate_size, fp32; meaningful once hardened. */
  private final Tensor hard;

  private boolean hardened;

  /**
   * @param router trainable, experts x hidden_size
   * @param logAlpha trainable, experts x gates, fp32
   * @param block neurons that each gate switches
   */
  MaskedLayer(Router router, Tensor logAlpha, int block) {
    this.router = router;
    this.logAlpha = logAlpha;
    this.block = block;
    this.shift = zeros(logAlpha.size(0), 1);
    this.noise = zeros(logAlpha.size(0), logAlpha.size(1));
    this.hard = zeros(logAlpha.size(0), logAlpha.size(1) * block);
  }

  Router router() {
    return router;
  }

  Tensor logAlpha() {
    return logAlpha;
  }

  Tensor shift() {
    return shift;
  }

  Tensor hard() {
    return hard;
  }

  boolean hardened() {
    return hardened;
  }

  /** Log-alpha as the gates see it: shifted, then limited. Experts x gates. */
  Tensor effectiveLogAlpha() {
    return HardConcrete.limited(logAlpha.sub(shift));
  }

  /** New noise for one micro-batch, shared by all its tokens. */
  void drawNoise() {
    HardConcrete.fillNoise(noise);
  }

  /** Makes the masks binary for good. */
  void harden(boolean[][] masks) {
    float[] flat = new float[Math.toIntExact(hard.numel())];
    int neurons = masks[0].length;
    for (int e = 0; e < masks.length; e++) {
      for (int j = 0; j < neurons; j++) {
        flat[e * neurons + j] = masks[e][j] ? 1 : 0;
      }
    }
    harden(Tensors.of(flat, masks.length, neurons));
  }

  /** Makes the masks binary for good: 0 and 1, experts x intermediate_size. */
  void harden(Tensor masks) {
    hard.copy_(masks);
    hardened = true;
  }

  /** The binary masks: experts x intermediate_size. */
  boolean[][] hardMasks() {
    float[] flat = Tensors.toFloats(hard);
    int neurons = (int) hard.size(1);
    boolean[][] masks = new boolean[(int) hard.size(0)][neurons];
    for (int i = 0; i < flat.length; i++) {
      masks[i / neurons][i % neurons] = flat[i] != 0;
    }
    return masks;
  }

  /**
   * After an update: log-alpha becomes what the gates see, and the shift 0. It changes no gate, and
   * keeps log-alpha where the shift can be resolved and the gradient lives.
   */
  void settle() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      logAlpha.copy_(effectiveLogAlpha());
      shift.zero_();
    }
  }

  /**
   * The masks V of this pass: experts x intermediate_size, fp32, in [0, 1].
   *
   * @param sampled with this micro-batch's noise, or without noise; the same once hardened
   */
  Tensor masks(boolean sampled) {
    if (hardened) {
      return hard;
    }
    Tensor gates =
        sampled
            ? HardConcrete.sample(effectiveLogAlpha(), noise)
            : HardConcrete.noiseFree(effectiveLogAlpha());
    return block == 1
        ? gates
        : gates.repeat_interleave(block, new LongOptional(1), new LongOptional());
  }

  /**
   * y = (a ⊙ v) W_d^T with v = Σ w~_e V_e: one tokens x experts x neurons product forward; its
   * backward gives dv V^T, which is the router's gradient.
   */
  Tensor apply(Tensor x, Router.Routing routing, FfnWeights weights, boolean sampled) {
    Tensor v =
        weights
            .precision()
            .cast(routing.weights())
            .matmul(weights.precision().cast(masks(sampled)));
    return weights.project(weights.activations(x).mul(v));
  }

  private static Tensor zeros(long rows, long columns) {
    return torch.zeros(new long[] {rows, columns}, new TensorOptions(torch.ScalarType.Float));
  }

  /** Share of the open gates, counting those whose log-alpha is above 0, or the hard ones. */
  double openShare() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Tensor open =
          hardened ? hard : effectiveLogAlpha().gt(new Scalar(0)).to(torch.ScalarType.Float);
      return open.mean().item_double();
    }
  }
}
