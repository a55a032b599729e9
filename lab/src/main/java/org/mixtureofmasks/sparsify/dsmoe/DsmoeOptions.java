package org.mixtureofmasks.sparsify.dsmoe;

import org.mixtureofmasks.UserError;

/**
 * The recipe's keys {@code dsmoe.*}, checked.
 *
 * @param experts equal parts of the FFN, E, at least 1
 * @param threshold τ that a gate must exceed, in [0, 1); found by the target when there is one
 * @param target share of the experts that pass, in [0, 1]; 0 keeps the threshold
 * @param l1 weight of the mean of the passing gates, at least 0
 * @param routerLrFactor the routers' learning rate over the weights', above 0
 * @param calibrationTokens tokens on which the threshold is set to the target
 */
public record DsmoeOptions(
    int experts,
    double threshold,
    double target,
    double l1,
    double routerLrFactor,
    int calibrationTokens) {
  /** The paper's τ. */
  static final double THRESHOLD = 0.5;

  public DsmoeOptions {
    if (target > 0 && l1 == 0) {
      throw UserError.usage(
          "dsmoe.l1 is 0.0, but dsmoe.target "
              + target
              + " is met by steering it: give more than 0");
    }
    if (target > 0 && threshold != THRESHOLD) {
      throw UserError.usage(
          "dsmoe.threshold is "
              + threshold
              + ", but dsmoe.target "
              + target
              + " finds the threshold: give dsmoe.target 0 to keep yours, or remove it");
    }
  }

  /** Whether threshold and loss on gates are found for a target. */
  boolean tracks() {
    return target > 0;
  }

  /** Refuses a model whose neurons are not E equal parts. */
  void requireFits(int intermediateSize) {
    if (intermediateSize % experts != 0) {
      throw UserError.usage(
          "dsmoe.experts is "
              + experts
              + ", which does not divide the model's "
              + intermediateSize
              + " neurons: choose another number of experts");
    }
  }
}
