package org.mixtureofmasks.analyse;

import org.mixtureofmasks.format.Routing;

/** How decided a layer's router is, gathered token by token. */
final class RouterStatistics {
  private final Samples margins = new Samples();
  private double entropySum;
  private int tokens;

  /**
   * The distribution over experts that scores stand for: softmax(r) where the largest are chosen;
   * with a threshold, where gates are independent, each gate sigmoid(r) over their sum.
   *
   * @return E numbers that sum to 1
   */
  static double[] probabilities(Routing routing, float[] scores) {
    double[] p = new double[scores.length];
    double largest = Double.NEGATIVE_INFINITY;
    for (float r : scores) {
      largest = Math.max(largest, r);
    }
    boolean softmax = routing.select() == Routing.Select.TOP_K;
    double sum = 0;
    for (int e = 0; e < p.length; e++) {
      p[e] = softmax ? Math.exp(scores[e] - largest) : 1 / (1 + Math.exp(-scores[e]));
      sum += p[e];
    }
    for (int e = 0; e < p.length; e++) {
      p[e] /= sum;
    }
    return p;
  }

  /**
   * Adds a token.
   *
   * @param p its distribution over experts
   */
  void add(double[] p) {
    entropySum += Distribution.entropy(p);
    double best = 0;
    double second = 0;
    for (double value : p) {
      if (value > best) {
        second = best;
        best = value;
      } else {
        second = Math.max(second, value);
      }
    }
    margins.add(best - second);
    tokens++;
  }

  /** Mean of the tokens' entropies, nats, in [0, ln E]. */
  double meanEntropy() {
    return entropySum / tokens;
  }

  /** Mean difference of the best and the second probability, in [0, 1]; 1 for one expert. */
  double meanMargin() {
    return margins.mean();
  }

  /** The q-quantiles of the same difference. */
  double[] margins(double... q) {
    return margins.quantiles(q);
  }
}
