package org.mixtureofmasks.sparsify.mixtureofmasks;

/**
 * Exchanges of a kept and a dropped gate that lower u^T Q u, u the dropped gates' indicator. With h
 * = Q u, keeping a dropped j changes it by Q_jj - 2 h_j, dropping a kept i then by Q_ii + 2 h_i - 2
 * Q_ij. Each round keeps the best j and drops the i that is best after it; the last round is the
 * one that finds no gain.
 */
final class GateExchange {
  /**
   * A gain below this share of the error is rounding: without it two gates could trade for ever.
   */
  private static final double SMALLEST_GAIN = 1e-6;

  private GateExchange() {}

  /**
   * @param ranking one value a gate, the largest are kept; values of exchanged gates are exchanged,
   *     so that the largest are still those that are kept
   * @param count gates that are kept
   * @param q symmetric, gates x gates, row-major
   * @return exchanges made
   */
  static int improve(float[] ranking, int count, float[] q) {
    boolean[] kept = Hardening.largest(ranking, count);
    double[] h = new double[ranking.length];
    double error = 0;
    for (int j = 0; j < h.length; j++) {
      for (int i = 0; i < h.length; i++) {
        h[j] += kept[i] ? 0 : q[j * h.length + i];
      }
      error += kept[j] ? 0 : h[j];
    }
    int exchanges = 0;
    // Every exchange lowers the error, so no set comes back; the bound is for the time it takes.
    while (exchanges < ranking.length && count > 0 && count < ranking.length) {
      int in = bestToKeep(kept, h, q);
      int out = bestToDrop(kept, h, q, in);
      double change = keeping(in, h, q) + dropping(out, h, q, in);
      if (!(change < -SMALLEST_GAIN * error)) {
        break;
      }
      kept[in] = true;
      kept[out] = false;
      for (int i = 0; i < h.length; i++) {
        h[i] += q[out * h.length + i] - q[in * h.length + i];
      }
      float value = ranking[in];
      ranking[in] = ranking[out];
      ranking[out] = value;
      error += change;
      exchanges++;
    }
    return exchanges;
  }

  private static int bestToKeep(boolean[] kept, double[] h, float[] q) {
    int best = -1;
    for (int j = 0; j < h.length; j++) {
      if (!kept[j] && (best < 0 || keeping(j, h, q) < keeping(best, h, q))) {
        best = j;
      }
    }
    return best;
  }

  private static int bestToDrop(boolean[] kept, double[] h, float[] q, int in) {
    int best = -1;
    for (int i = 0; i < h.length; i++) {
      if (kept[i] && (best < 0 || dropping(i, h, q, in) < dropping(best, h, q, in))) {
        best = i;
      }
    }
    return best;
  }

  /** What keeping the dropped gate j adds to the error. */
  private static double keeping(int j, double[] h, float[] q) {
    return q[j * h.length + j] - 2 * h[j];
  }

  /** What dropping the kept gate i adds to the error once {@code in} is kept. */
  private static double dropping(int i, double[] h, float[] q, int in) {
    return q[i * h.length + i] + 2 * h[i] - 2 * (double) q[in * h.length + i];
  }
}
