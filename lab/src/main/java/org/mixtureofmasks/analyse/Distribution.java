package org.mixtureofmasks.analyse;

import java.util.Arrays;

/** Figures of non-negative weights, such as counts or shares; they need not sum to 1. */
final class Distribution {
  private Distribution() {}

  /** H = -Σ p ln p in nats, p = weight / sum, in [0, ln n]; 0 when all weights are 0. */
  static double entropy(double[] weights) {
    double sum = Arrays.stream(weights).sum();
    double h = 0;
    for (double w : weights) {
      if (w > 0) {
        h -= w / sum * Math.log(w / sum);
      }
    }
    return Math.max(0, h); // not -0
  }

  /** Coefficient of variation: standard deviation (of all, by n) over the mean; 0 when even. */
  static double variation(double[] weights) {
    double mean = Arrays.stream(weights).average().orElseThrow();
    double squares = Arrays.stream(weights).map(w -> (w - mean) * (w - mean)).sum();
    return mean == 0 ? 0 : Math.sqrt(squares / weights.length) / mean;
  }

  /** The largest over the mean, in [1, n]; 1 when even. */
  static double largestOverMean(double[] weights) {
    double mean = Arrays.stream(weights).average().orElseThrow();
    return mean == 0 ? 1 : Arrays.stream(weights).max().orElseThrow() / mean;
  }

  /**
   * The q-quantile, linear between the two values around place q (n - 1).
   *
   * @param sorted ascending, at least one
   * @param q in [0, 1]
   */
  static double quantile(float[] sorted, double q) {
    double place = q * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
