package org.mixtureofmasks.model;

import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.kernel.Matrix;

/**
 * Chooses a token's experts.
 *
 * @param weight E x d for linear scores, 2E x d for SwiGLU ones; f32 but beside other weights of 8
 *     bits and less, or where it is stored in fewer
 * @param experts E
 * @param routing how
 */
record Router(Matrix weight, int experts, Routing routing) {
  /** No expert. */
  static final int NONE = -1;

  /**
   * Chooses for one token.
   *
   * @param products router.weight times x, routing.routerRows(E) floats from {@code at};
   *     overwritten
   * @param out where the experts of the token go: the k largest in descending order, ties to the
   *     lower index; or those above the threshold, ascending
   */
  void choose(float[] products, int at, RoutingDecisions out, int token) {
    choose(products, at, out, token, NONE);
  }

  /** Chooses for one token as if the score of the expert {@code removed}, unless NONE, were -∞. */
  void choose(float[] products, int at, RoutingDecisions out, int token, int removed) {
    score(products, at);
    if (removed != NONE) {
      products[at + removed] = Float.NEGATIVE_INFINITY;
    }
    out.clear(token);
    switch (routing.select()) {
      case TOP_K -> {
        for (int i = 0; i < routing.topK(); i++) {
          out.add(token, largest(products, at, out, token));
        }
      }
      case THRESHOLD -> {
        for (int e = 0; e < experts; e++) {
          if (sigmoid(products[at + e]) > routing.threshold()) {
            out.add(token, e);
          }
        }
      }
    }
    weigh(products, at, out, token);
  }

  /** Leaves r in products[at, at + E). */
  private void score(float[] products, int at) {
    if (routing.score() == Routing.Score.SWIGLU) {
      for (int e = 0; e < experts; e++) {
        double gate = products[at + e];
        products[at + e] = (float) Math.abs(gate * sigmoid(gate) * products[at + experts + e]);
      }
    }
  }

  private int largest(float[] r, int at, RoutingDecisions out, int token) {
    int best = -1;
    for (int e = 0; e < experts; e++) {
      if ((best < 0 || r[at + e] > r[at + best]) && !out.has(token, e)) {
        best = e;
      }
    }
    return best;
  }

  private void weigh(float[] r, int at, RoutingDecisions out, int token) {
    int n = out.count(token);
    switch (routing.weights()) {
      case NORMALISED -> normalise(r, at, out, token);
      case ONES -> {
        for (int i = 0; i < n; i++) {
          out.weigh(token, i, 1);
        }
      }
      case SIGMOID_RESCALED -> {
        for (int i = 0; i < n; i++) {
          double gate = sigmoid(r[at + out.expert(token, i)]);
          out.weigh(token, i, gate * experts / n); // DSMoE Eq. 8
        }
      }
    }
  }

  /**
   * p_e / Σ p with p = softmax(r) is the softmax over the chosen scores alone, since the common
   * denominator cancels.
   */
  private static void normalise(float[] r, int at, RoutingDecisions out, int token) {
    int n = out.count(token);
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      largest = Math.max(largest, r[at + out.expert(token, i)]);
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.exp(r[at + out.expert(token, i)] - largest);
    }
    for (int i = 0; i < n; i++) {
      out.weigh(token, i, Math.exp(r[at + out.expert(token, i)] - largest) / sum);
    }
  }

  private static double sigmoid(double r) {
    return 1 / (1 + Math.exp(-r));
  }
}
