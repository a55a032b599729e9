package org.mixtureofmasks.sparsify.cmoe;

import org.mixtureofmasks.UserError;

/**
 * The recipe's keys {@code cmoe.*}, checked.
 *
 * @param experts equal parts of the FFN, N, at least 1
 * @param shared parts that every token uses, N_s, in [0, N)
 * @param active parts that the router adds for each token, N_a, in [1, N - N_s]
 * @param marks neurons that each calibration token marks, K_a
 * @param calibrationTokens tokens that the construction looks at
 */
public record CmoeOptions(int experts, int shared, int active, int marks, int calibrationTokens) {
  public CmoeOptions {
    require(
        shared >= 0 && shared < experts,
        "cmoe.shared is "
            + shared
            + " of cmoe.experts "
            + experts
            + ": leave at least one expert to the router");
    require(
        active >= 1 && active <= experts - shared,
        "cmoe.active is "
            + active
            + ": give 1 to "
            + (experts - shared)
            + ", cmoe.experts less cmoe.shared");
  }

  /** Share of the FFN's neurons that a token uses, (N_s + N_a) / N. */
  double share() {
    return (double) (shared + active) / experts;
  }

  /** Experts that the router chooses among, N_r. */
  int routed() {
    return experts - shared;
  }

  /** Refuses a model whose neurons cannot be divided so. */
  void requireFits(int intermediateSize) {
    require(
        intermediateSize % experts == 0,
        "cmoe.experts is "
            + experts
            + ", which does not divide the model's "
            + intermediateSize
            + " neurons: choose another number of experts");
    require(
        marks <= intermediateSize,
        "cmoe.marks is " + marks + ", but the model has " + intermediateSize + " neurons a layer");
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw UserError.usage(otherwise);
    }
  }
}
