package org.mixtureofmasks.data;

/**
 * Which source the next row comes from. No random numbers: the source that is furthest behind its
 * share goes next, so that every stretch of rows has the mixture asked for to within one row.
 */
public final class DomainMixture {
  private final double[] shares;

  /**
   * @param weights relative shares, each above 0
   */
  public DomainMixture(double[] weights) {
    double sum = 0;
    for (double w : weights) {
      if (!(w > 0)) {
        throw new IllegalArgumentException("weight %s".formatted(w));
      }
      sum += w;
    }
    shares = new double[weights.length];
    for (int i = 0; i < weights.length; i++) {
      shares[i] = weights[i] / sum;
    }
  }

  /**
   * The source of the next row.
   *
   * @param taken rows already taken from each source
   */
  public int next(long[] taken) {
    long total = 1;
    for (long t : taken) {
      total += t;
    }
    int best = 0;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < shares.length; i++) {
      double behind = shares[i] * total - taken[i];
      if (behind > most) {
        most = behind;
        best = i;
      }
    }
    return best;
  }

  /** The share of all rows that comes from a source. */
  double share(int source) {
    return shares[source];
  }
}
