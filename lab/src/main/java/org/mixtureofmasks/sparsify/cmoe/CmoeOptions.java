package org.mixtureofmasks.sparsify.cmoe;

import org.mixtureofmasks.UserError;
import org.mixtureofmasks.recipe.Checks;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.MethodKeys;

/** The recipe's section {@code cmoe}: each key declared once, and the value a recipe gives it. */
public final class CmoeOptions {
  private static final RecipeSection.Builder KEYS =
      RecipeSection.named(
          "cmoe", "CMoE: shared and routed experts from activation rates, an analytical router.");

  static final Key<Integer> EXPERTS =
      KEYS.integer(
          "experts",
          16,
          1,
          1 << 16,
          "parts",
          "equal parts that each layer's neurons are cut into, N; divides intermediate_size");
  static final Key<Integer> SHARED =
      KEYS.integer(
          "shared",
          4,
          0,
          1 << 16,
          "parts",
          "parts of N that every token uses, N_s: the most often active neurons");
  static final Key<Integer> ACTIVE =
      KEYS.integer(
          "active",
          4,
          1,
          1 << 16,
          "parts",
          "parts of N that the router adds for each token, N_a; a token uses (N_s + N_a) / N");
  static final Key<Integer> MARKS =
      KEYS.integer(
          "marks",
          10,
          1,
          1 << 16,
          "neurons",
          "neurons that each calibration token marks as active, K_a");
  static final Key<Integer> CALIBRATION_TOKENS =
      MethodKeys.calibrationTokens(
          KEYS,
          16384,
          1 << 23,
          "training tokens that the construction looks at (the source's 8 rows of 2048)");

  private final Recipe recipe;

  private CmoeOptions(Recipe recipe) {
    this.recipe = recipe;
  }

  /**
   * What a recipe asks for.
   *
   * @throws UserError (wrong usage) if keys contradict each other
   */
  static CmoeOptions of(Recipe recipe) {
    CmoeOptions options = new CmoeOptions(recipe);
    int experts = options.experts();
    int shared = options.shared();
    Checks.require(
        shared < experts,
        "cmoe.shared is %s of cmoe.experts %s: leave at least one expert to the router",
        shared,
        experts);
    Checks.require(
        options.active() <= experts - shared,
        "cmoe.active is %s: give 1 to %s, cmoe.experts less cmoe.shared",
        options.active(),
        experts - shared);
    return options;
  }

  /** All keys. */
  static RecipeSection section() {
    return KEYS.build();
  }

  int experts() {
    return recipe.get(EXPERTS);
  }

  int shared() {
    return recipe.get(SHARED);
  }

  int active() {
    return recipe.get(ACTIVE);
  }

  int marks() {
    return recipe.get(MARKS);
  }

  int calibrationTokens() {
    return recipe.get(CALIBRATION_TOKENS);
  }

  /** Share of the FFN's neurons that a token uses, (N_s + N_a) / N. */
  double share() {
    return (double) (shared() + active()) / experts();
  }

  /** Experts that the router chooses among, N_r. */
  int routed() {
    return experts() - shared();
  }

  /**
   * @throws UserError (wrong usage) if a model's neurons cannot be divided so
   */
  void requireFits(int intermediateSize) {
    MethodKeys.requireEqualParts(EXPERTS, experts(), intermediateSize);
    Checks.require(
        marks() <= intermediateSize,
        "cmoe.marks is %s, but the model has %s neurons a layer",
        marks(),
        intermediateSize);
  }
}
