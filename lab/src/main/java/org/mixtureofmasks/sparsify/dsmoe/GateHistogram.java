package org.mixtureofmasks.sparsify.dsmoe;

import java.util.Arrays;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.Sums;

/**
 * How the gates of many tokens lie, by their logits, in memory that does not grow with the tokens:
 * which threshold a given share of them passes.
 */
final class GateHistogram {
  /** Logits beyond it count as it: sigmoid(16) is the last float below 1 but one. */
  static final double LIMIT = 16;

  /** A bin of 0.002 changes a gate by 0.0005 at most. */
  private static final int BINS = 1 << 14;

  private final Tensor counts;

  /**
   * @param sums what the step counts; reset when it begins
   */
  GateHistogram(Sums sums) {
    counts = sums.declare("gates", torch.ScalarType.Long, BINS);
  }

  void reset() {
    counts.zero_();
  }

  /**
   * @param logits of any shape, fp32; fewer than 2^24 (libtorch counts in fp32)
   */
  void add(Tensor logits) {
    try (NoGradGuard _ = new NoGradGuard()) {
      Tensor limited =
          logits
              .detach()
              .clamp(new ScalarOptional(new Scalar(-LIMIT)), new ScalarOptional(new Scalar(LIMIT)));
      Tensor more = torch.histc(limited, BINS, new Scalar(-LIMIT), new Scalar(LIMIT));
      counts.add_(more.to(torch.ScalarType.Long));
    }
  }

  /**
   * The logit that the given share of the gates exceeds, straight lines within a bin.
   *
   * @param share in (0, 1]
   */
  double logitPassedBy(double share) {
    long[] counts = Tensors.toLongs(this.counts);
    double wanted = share * Arrays.stream(counts).sum();
    double above = 0;
    for (int i = BINS - 1; i >= 0; i--) {
      if (counts[i] > 0 && above + counts[i] >= wanted) {
        double part = (wanted - above) / counts[i];
        return -LIMIT + (i + 1 - part) * (2 * LIMIT / BINS);
      }
      above += counts[i];
    }
    return -LIMIT;
  }

  /** Share of the gates whose logits exceed one, straight lines within its bin. */
  double shareAbove(double logit) {
    long[] counts = Tensors.toLongs(this.counts);
    double at = Math.clamp((logit + LIMIT) * (BINS / (2 * LIMIT)), 0, BINS - 1e-9);
    int bin = (int) at;
    double above = counts[bin] * (bin + 1 - at);
    for (int i = bin + 1; i < BINS; i++) {
      above += counts[i];
    }
    return above / Arrays.stream(counts).sum();
  }
}
