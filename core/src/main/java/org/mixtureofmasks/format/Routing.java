package org.mixtureofmasks.format;

/**
 * How a layer's tokens choose experts and what the chosen experts' neurons are multiplied with.
 *
 * @param score what the router computes of a token's FFN input x
 * @param select which experts are chosen by the scores
 * @param topK experts chosen for each token with TOP_K, k; the most that can be chosen with
 *     THRESHOLD, E
 * @param threshold with THRESHOLD, what a gate must exceed, in [0, 1); 0 otherwise
 * @param weights the factor of a chosen expert
 */
public record Routing(Score score, Select select, int topK, double threshold, Weights weights) {

  /** What the router computes. */
  public enum Score {
    /** r_e = w_e·x: router.weight is E x d. */
    LINEAR,
    /**
     * r_e = |SiLU(g_e·x) (u_e·x)|, a neuron that stands for the expert (CMoE): router.weight is 2E
     * x d, all g before all u.
     */
    SWIGLU
  }

  /** Which experts are chosen. */
  public enum Select {
    /** The k largest scores, ties to the lower index. */
    TOP_K,
    /** Those with sigmoid(r_e) above the threshold, possibly none (DSMoE). */
    THRESHOLD
  }

  /** The factor of a chosen expert; a neuron that several of them hold. */
  public enum Weights {
    /** p_e over the sum of the chosen p, p = softmax(r); a shared neuron gets the sum. */
    NORMALISED,
    /** 1, also for a neuron that several chosen experts hold (MoEfication, CMoE). */
    ONES,
    /** sigmoid(r_e) · E / number of chosen experts; a shared neuron gets the sum (DSMoE Eq. 8). */
    SIGMOID_RESCALED
  }

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if k is below 1 or the threshold not in [0, 1)
   */
  public Routing {
    if (topK < 1 || !(threshold >= 0 && threshold < 1)) {
      throw new IllegalArgumentException("top-k %s, threshold %s".formatted(topK, threshold));
    }
  }

  /**
   * The routing of a mixture of masks: linear scores, the k largest, weights that sum to 1.
   *
   * @param k experts of a token, at least 1
   * @return the routing
   * @throws IllegalArgumentException if k is below 1
   */
  public static Routing topK(int k) {
    return new Routing(Score.LINEAR, Select.TOP_K, k, 0, Weights.NORMALISED);
  }

  /**
   * The routing of MoEfication: linear scores, the k largest, unscaled.
   *
   * @param k experts of a token, at least 1
   * @return the routing
   * @throws IllegalArgumentException if k is below 1
   */
  public static Routing unscaled(int k) {
    return new Routing(Score.LINEAR, Select.TOP_K, k, 0, Weights.ONES);
  }

  /**
   * The routing of DSMoE: every expert whose gate passes, weighted by its gate times E over their
   * number.
   *
   * @param experts E, the most that a token can have
   * @param threshold what a gate must exceed, in [0, 1)
   * @return the routing
   * @throws IllegalArgumentException if there is no expert or the threshold is outside its range
   */
  public static Routing threshold(int experts, double threshold) {
    return new Routing(
        Score.LINEAR, Select.THRESHOLD, experts, threshold, Weights.SIGMOID_RESCALED);
  }

  /**
   * {@return rows of router.weight: E, or 2E for SwiGLU scores}
   *
   * @param experts E
   */
  public int routerRows(int experts) {
    return score == Score.SWIGLU ? 2 * experts : experts;
  }

  /**
   * In words, for people.
   *
   * @param experts E
   * @return such as "the 2 largest of 8 linear scores, weights that sum to 1"
   */
  public String describe(int experts) {
    String scores = (score == Score.LINEAR ? "linear" : "SwiGLU") + " scores";
    String chosen =
        switch (select) {
          case TOP_K ->
              "the " + (topK == 1 ? "" : topK + " ") + "largest of " + experts + " " + scores;
          case THRESHOLD ->
              "those of " + experts + " " + scores + " whose sigmoid is above " + threshold;
        };
    return chosen
        + ", "
        + switch (weights) {
          case NORMALISED -> "weights that sum to 1";
          case ONES -> "unscaled";
          case SIGMOID_RESCALED -> "weights sigmoid x " + experts + " / number chosen";
        };
  }

  /** {@return whether it is what {@link #topK} makes of some k} */
  public boolean isDefault() {
    return equals(topK(topK));
  }
}
