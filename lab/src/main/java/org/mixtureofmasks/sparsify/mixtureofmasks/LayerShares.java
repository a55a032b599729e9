package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * How many gates each layer's masks keep so that the loss rises least at one mean density.
 *
 * <p>The rise of the loss with one layer masked to density d is taken as A e^(-k d), through two
 * measured points. Σ_l A_l e^(-k_l d_l) is least under a fixed mean of d where every layer's slope
 * is the same λ: d_l = ln(A_l k_l / λ) / k_l, within bounds; λ by bisection.
 */
final class LayerShares {
  /** Rises at or below this are noise: nats. */
  private static final double SMALLEST_RISE = 1e-5;

  /** Steepest and flattest curve: a rise that falls e^k-fold from density 0 to 1. */
  private static final double FLATTEST = 1;

  private static final double STEEPEST = 30;

  private LayerShares() {}

  /**
   * Where the two points lie: a tenth below and above the target, at most halfway to none or all.
   */
  static double[] measuredAt(double target) {
    return new double[] {
      Math.max(target - 0.1, target / 2), Math.min(target + 0.1, (1 + target) / 2)
    };
  }

  /**
   * @param rises for each layer the rise of the loss at the two densities, nats
   * @param densities the two, ascending
   * @param target mean density, in (0, 1)
   * @param gates of each mask
   * @return gates that each layer's masks keep, halfway to none and to all at most; the sum is
   *     round(target · gates · layers)
   */
  static int[] allot(double[][] rises, double[] densities, double target, int gates) {
    int layers = rises.length;
    double[] k = new double[layers];
    double[] logSlope = new double[layers]; // ln(A k)
    for (int l = 0; l < layers; l++) {
      double low = Math.log(Math.max(SMALLEST_RISE, rises[l][0]));
      double high = Math.log(Math.max(SMALLEST_RISE, rises[l][1]));
      k[l] = Math.clamp((low - high) / (densities[1] - densities[0]), FLATTEST, STEEPEST);
      // A through the middle of the two points, which a limited k need not meet.
      double middle = (densities[0] + densities[1]) / 2;
      logSlope[l] = (low + high) / 2 + k[l] * middle + Math.log(k[l]);
    }
    double below = -100; // ln λ at which every layer is at its upper bound
    double above = 100;
    for (int i = 0; i < 100; i++) {
      double middle = (below + above) / 2;
      double mean = Arrays.stream(at(middle, k, logSlope, target)).average().orElseThrow();
      if (mean > target) {
        below = middle;
      } else {
        above = middle;
      }
    }
    return whole(at((below + above) / 2, k, logSlope, target), target, gates);
  }

  /** Densities whose slope is λ, within the bounds. */
  private static double[] at(double logLambda, double[] k, double[] logSlope, double target) {
    double[] densities = new double[k.length];
    for (int l = 0; l < k.length; l++) {
      densities[l] = Math.clamp((logSlope[l] - logLambda) / k[l], target / 2, (1 + target) / 2);
    }
    return densities;
  }

  /** Whole gates: rounded down, then the largest remainders up. */
  private static int[] whole(double[] densities, double target, int gates) {
    int[] on = new int[densities.length];
    int missing = (int) Math.round(target * gates * densities.length);
    for (int l = 0; l < on.length; l++) {
      on[l] = (int) Math.floor(densities[l] * gates);
      missing -= on[l];
    }
    int[] byRemainder =
        IntStream.range(0, on.length)
            .boxed()
            .sorted(Comparator.comparingDouble(l -> on[l] - densities[l] * gates))
            .mapToInt(l -> l)
            .toArray();
    for (int i = 0; i < missing; i++) {
      on[byRemainder[i % on.length]]++;
    }
    return on;
  }
}
