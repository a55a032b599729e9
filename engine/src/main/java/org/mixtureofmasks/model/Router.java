package org.mixtureofmasks.model;

import org.mixtureofmasks.kernel.Matrix;

/**
 * Chooses a token's experts.
 *
 * @param weight E x d, always f32: r = W x
 * @param expertsPerToken k
 */
record Router(Matrix.F32 weight, int expertsPerToken) {
  int experts() {
    return weight.rows();
  }

  /**
   * The k largest of p = softmax(r), ties to the lower index, in descending order. Their weights
   * p_e / Σ p are the softmax over the chosen logits alone, since the common denominator cancels.
   *
   * @param logits r, E floats from {@code at}
   * @param chosen k expert numbers, written
   * @param weights k weights that sum to 1, written
   */
  static void choose(float[] logits, int at, int experts, int k, int[] chosen, float[] weights) {
    for (int i = 0; i < k; i++) {
      int best = -1;
      for (int e = 0; e < experts; e++) {
        if (!among(chosen, i, e) && (best < 0 || logits[at + e] > logits[at + best])) {
          best = e;
        }
      }
      chosen[i] = best;
    }
    double sum = 0;
    for (int i = 0; i < k; i++) {
      sum += Math.exp(logits[at + chosen[i]] - (double) logits[at + chosen[0]]);
    }
    for (int i = 0; i < k; i++) {
      weights[i] =
          (float) (Math.exp(logits[at + chosen[i]] - (double) logits[at + chosen[0]]) / sum);
    }
  }

  private static boolean among(int[] chosen, int count, int expert) {
    for (int i = 0; i < count; i++) {
      if (chosen[i] == expert) {
        return true;
      }
    }
    return false;
  }
}
