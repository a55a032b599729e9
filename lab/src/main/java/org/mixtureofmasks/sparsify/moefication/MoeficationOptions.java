package org.mixtureofmasks.sparsify.moefication;

import org.mixtureofmasks.UserError;

/**
 * What a MoEfication is.
 *
 * @param experts parts of each layer, E
 * @param topK parts that a token uses, k
 * @param split how neurons are put into parts
 * @param straightThrough whether the router learns from the loss
 * @param routerLrFactor the router's learning rate over the weights'
 * @param calibrationTokens that the router (and the co-activation graph) is made from
 */
public record MoeficationOptions(
    int experts,
    int topK,
    Split split,
    boolean straightThrough,
    double routerLrFactor,
    int calibrationTokens) {
  /** How neurons are put into parts. */
  public enum Split {
    /** Balanced k-means over the rows of W_g, scaled to unit length. */
    K_MEANS,
    /** By lot. */
    RANDOM,
    /** Those that are active together. */
    CO_ACTIVATION,
    /** Neighbours as they stand. */
    CONTIGUOUS
  }

  public MoeficationOptions {
    require(experts >= 1, "moefication.experts is " + experts + ": give at least 1");
    require(
        topK >= 1 && topK <= experts,
        "moefication.top_k is " + topK + ": give 1 to moefication.experts (" + experts + ")");
    require(
        routerLrFactor > 0,
        "moefication.router_lr_factor is " + routerLrFactor + ": give more than 0");
    require(
        calibrationTokens >= 1,
        "moefication.calibration_tokens is " + calibrationTokens + ": give at least 1");
  }

  /**
   * @param intermediateSize neurons of the model's FFN
   * @throws UserError if they cannot be split into equal parts
   */
  public void requireDivides(int intermediateSize) {
    require(
        intermediateSize % experts == 0,
        "moefication.experts is "
            + experts
            + ", which does not divide the model's "
            + intermediateSize
            + " neurons: choose another number, such as "
            + nearestDivisor(intermediateSize));
  }

  private int nearestDivisor(int neurons) {
    int best = 1;
    for (int n = 1; n <= neurons; n++) {
      if (neurons % n == 0 && Math.abs(n - experts) < Math.abs(best - experts)) {
        best = n;
      }
    }
    return best;
  }

  /** Share of the FFN's weights that a token uses. */
  public double target() {
    return (double) topK / experts;
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw UserError.usage(otherwise);
    }
  }
}
