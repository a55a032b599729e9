package org.mixtureofmasks.sparsify.dsmoe;

import org.mixtureofmasks.UserError;
import org.mixtureofmasks.recipe.Checks;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.MethodKeys;

/** The recipe's section {@code dsmoe}: each key declared once, and the value a recipe gives it. */
public final class DsmoeOptions {
  private static final RecipeSection.Builder KEYS =
      RecipeSection.named(
          "dsmoe", "DSMoE: equal parts, each behind a sigmoid gate with a threshold.");

  /** The paper's τ. */
  private static final double PAPER_THRESHOLD = 0.5;

  static final Key<Integer> EXPERTS =
      KEYS.integer(
          "experts",
          8,
          1,
          1 << 16,
          "experts a layer",
          "equal parts of neighbouring neurons, E; divides intermediate_size");
  static final Key<Double> TARGET =
      KEYS.number(
          "target",
          0.5,
          Kind.Range.of(0, 1),
          "share of the experts",
          "what a token uses on average: the threshold follows the gates and is set on training"
              + " tokens at the end; 0 keeps dsmoe.threshold, as in the paper");
  static final Key<Double> THRESHOLD =
      KEYS.number(
          "threshold",
          PAPER_THRESHOLD,
          Kind.Range.below(0, 1),
          "",
          "with dsmoe.target 0, what the gate of an expert must exceed");
  static final Key<Double> L1 =
      KEYS.number(
          "l1",
          1,
          Kind.Range.nonNegative(),
          "",
          "weight of the mean of the passing gates in the loss");
  static final Key<Double> ROUTER_LR_FACTOR =
      MethodKeys.routerLrFactor(KEYS, 1, "the routers' learning rate");
  static final Key<Integer> CALIBRATION_TOKENS =
      MethodKeys.calibrationTokens(
          KEYS,
          24576,
          1 << 24,
          "with a target, training tokens on which the threshold is set before the first and after"
              + " the last step");

  private final Recipe recipe;

  private DsmoeOptions(Recipe recipe) {
    this.recipe = recipe;
  }

  /**
   * What a recipe asks for.
   *
   * @throws UserError (wrong usage) if keys contradict each other
   */
  static DsmoeOptions of(Recipe recipe) {
    DsmoeOptions options = new DsmoeOptions(recipe);
    Checks.require(
        options.target() == 0 || options.l1() > 0,
        "dsmoe.l1 is 0.0, but dsmoe.target %s is met by steering it: give more than 0",
        options.target());
    Checks.require(
        options.target() == 0 || options.threshold() == PAPER_THRESHOLD,
        "dsmoe.threshold is %s, but dsmoe.target %s finds the threshold: give dsmoe.target 0 to keep"
            + " yours, or remove it",
        options.threshold(),
        options.target());
    return options;
  }

  /** All keys. */
  static RecipeSection section() {
    return KEYS.build();
  }

  int experts() {
    return recipe.get(EXPERTS);
  }

  double target() {
    return recipe.get(TARGET);
  }

  double threshold() {
    return recipe.get(THRESHOLD);
  }

  double l1() {
    return recipe.get(L1);
  }

  double routerLrFactor() {
    return recipe.get(ROUTER_LR_FACTOR);
  }

  int calibrationTokens() {
    return recipe.get(CALIBRATION_TOKENS);
  }

  /** Whether threshold and loss on gates are found for a target. */
  boolean tracks() {
    return target() > 0;
  }

  /**
   * @throws UserError (wrong usage) if a model's neurons are not E equal parts
   */
  void requireFits(int intermediateSize) {
    MethodKeys.requireEqualParts(EXPERTS, experts(), intermediateSize);
  }
}
