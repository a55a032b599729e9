package org.mixtureofmasks.analyse;

import java.util.Arrays;
import java.util.Collection;

/**
 * How much one of two things says of the other, from counts of their pairs.
 *
 * @param nats I = Σ p(x, y) ln(p(x, y) / p(x) p(y)) of the observed shares, at least 0
 * @param bias by how much it is too high on average: (cells - rows - columns + 1) / 2N, of those
 *     that are not empty (Miller 1955; Roulston 1999). Few observations in many cells look like
 *     information where there is none; only what is well above this counts
 */
record MutualInformation(double nats, double bias) {

  /**
   * @param counts rows of equal length; all 0 gives 0
   */
  static MutualInformation of(Collection<int[]> counts) {
    int columns = counts.isEmpty() ? 0 : counts.iterator().next().length;
    long[] ofColumn = new long[columns];
    long n = 0;
    for (int[] row : counts) {
      for (int y = 0; y < columns; y++) {
        ofColumn[y] += row[y];
        n += row[y];
      }
    }
    if (n == 0) {
      return new MutualInformation(0, 0);
    }
    double nats = 0;
    long cells = 0;
    long rows = 0;
    for (int[] row : counts) {
      long ofRow = Arrays.stream(row).asLongStream().sum();
      rows += ofRow > 0 ? 1 : 0;
      for (int y = 0; y < columns; y++) {
        if (row[y] > 0) {
          cells++;
          nats +=
              (double) row[y] / n * Math.log((double) row[y] * n / ((double) ofRow * ofColumn[y]));
        }
      }
    }
    long used = Arrays.stream(ofColumn).filter(c -> c > 0).count();
    return new MutualInformation(Math.max(0, nats), (cells - rows - used + 1) / (2.0 * n));
  }
}
