package org.mixtureofmasks.analyse;

import java.util.OptionalDouble;
import java.util.SplittableRandom;

/**
 * Whether members of one group are more alike than those of two: mean similarity of pairs within a
 * group and between groups, and how often shuffled labels separate as well (a permutation test, one
 * sided; Good 2005).
 *
 * @param within mean over pairs of one group
 * @param between mean over pairs of two groups
 * @param pValue (1 + shuffles with a difference at least as large) / (1 + shuffles)
 */
record GroupSeparation(OptionalDouble within, OptionalDouble between, OptionalDouble pValue) {
  /** Sums of the same numbers in another order differ by less. */
  private static final double ROUNDING = 1e-12;

  /**
   * @param similarity symmetric, n x n; the diagonal is not read
   * @param groups n labels
   * @param shuffles how many
   * @param seed of the shuffles
   */
  static GroupSeparation of(double[][] similarity, int[] groups, int shuffles, long seed) {
    double[] means = means(similarity, groups);
    if (Double.isNaN(means[0]) || Double.isNaN(means[1])) {
      return new GroupSeparation(present(means[0]), present(means[1]), OptionalDouble.empty());
    }
    SplittableRandom random = new SplittableRandom(seed);
    int[] labels = groups.clone();
    int atLeast = 0;
    for (int s = 0; s < shuffles; s++) {
      shuffle(labels, random);
      double[] shuffled = means(similarity, labels);
      if (shuffled[0] - shuffled[1] >= means[0] - means[1] - ROUNDING) {
        atLeast++;
      }
    }
    return new GroupSeparation(
        present(means[0]),
        present(means[1]),
        OptionalDouble.of((1.0 + atLeast) / (1.0 + shuffles)));
  }

  private static OptionalDouble present(double mean) {
    return Double.isNaN(mean) ? OptionalDouble.empty() : OptionalDouble.of(mean);
  }

  /** Within, between; NaN where there are no such pairs. */
  private static double[] means(double[][] similarity, int[] groups) {
    double within = 0;
    double between = 0;
    int same = 0;
    int other = 0;
    for (int i = 0; i < groups.length; i++) {
      for (int j = 0; j < i; j++) {
        if (groups[i] == groups[j]) {
          within += similarity[i][j];
          same++;
        } else {
          between += similarity[i][j];
          other++;
        }
      }
    }
    return new double[] {within / same, between / other};
  }

  private static void shuffle(int[] values, SplittableRandom random) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swap = values[i];
      values[i] = values[j];
      values[j] = swap;
    }
  }

  /** a·b / |a||b| of each pair of vectors; 0 for a vector of zeros. */
  static double[][] cosines(double[][] vectors) {
    int n = vectors.length;
    double[][] cosine = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double sizes = dot(vectors[i], vectors[i]) * dot(vectors[j], vectors[j]);
        cosine[i][j] = sizes == 0 ? 0 : dot(vectors[i], vectors[j]) / Math.sqrt(sizes);
      }
    }
    return cosine;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
