package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * One set of gates of a layer: for each mask a gate for every dimension that the set acts on, or
 * for every block of neighbouring ones. Sampled in training passes, noise-free in validation
 * passes, and binary once hardened.
 */
final class Gates {
  private final Tensor logAlpha;
  private final int block;

  /** What the density constraint takes off log-alpha, experts x 1; carries no gradient. */
  private final Tensor shift;

  /** Uniform noise of this micro-batch, experts x gates. */
  private final Tensor noise;

  /** Binary masks, experts x dimensions, fp32; meaningful once hardened. */
  private final Tensor hard;

  private boolean hardened;

  /**
   * @param logAlpha trainable, experts x gates, fp32
   * @param block dimensions that each gate switches
   */
  Gates(Tensor logAlpha, int block) {
    this.logAlpha = logAlpha;
    this.block = block;
    this.shift = zeros(logAlpha.size(0), 1);
    this.noise = zeros(logAlpha.size(0), logAlpha.size(1));
    this.hard = zeros(logAlpha.size(0), logAlpha.size(1) * block);
  }

  private static Tensor zeros(long rows, long columns) {
    return torch.zeros(new long[] {rows, columns}, new TensorOptions(torch.ScalarType.Float));
  }

  Tensor logAlpha() {
    return logAlpha;
  }

  Tensor shift() {
    return shift;
  }

  /** Binary masks, experts x dimensions, fp32; meaningful once hardened. */
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

  /** The gates with this micro-batch's noise: experts x gates, in [0, 1]. */
  Tensor sampled() {
    return HardConcrete.sample(effectiveLogAlpha(), noise);
  }

  /**
   * The masks V of this pass: experts x dimensions, fp32, in [0, 1].
   *
   * @param sampled with this micro-batch's noise, or without noise; the same once hardened
   */
  Tensor masks(boolean sampled) {
    if (hardened) {
      return hard;
    }
    Tensor gates = sampled ? sampled() : HardConcrete.noiseFree(effectiveLogAlpha());
    return block == 1
        ? gates
        : gates.repeat_interleave(block, new LongOptional(1), new LongOptional());
  }

  /** 1 where a gate is open, else 0: the binary masks, or gates whose log-alpha is above 0. */
  Tensor open() {
    return hardened ? hard : effectiveLogAlpha().gt(new Scalar(0)).to(torch.ScalarType.Float);
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

  /** Makes the masks binary for good: 0 and 1, experts x dimensions. */
  void harden(Tensor masks) {
    hard.copy_(masks);
    hardened = true;
  }
}
