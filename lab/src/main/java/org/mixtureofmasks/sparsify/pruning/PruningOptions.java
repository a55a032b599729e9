package org.mixtureofmasks.sparsify.pruning;

import org.mixtureofmasks.UserError;
import org.mixtureofmasks.recipe.Checks;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.MethodKeys;

/**
 * The recipe's section {@code pruning}: each key declared once, and the value a recipe gives it.
 */
public final class PruningOptions {
  private static final RecipeSection.Builder KEYS =
      RecipeSection.named("pruning", "Static pruning: one fixed mask a layer.");

  static final Key<Double> TARGET =
      KEYS.number(
          "target",
          0.5,
          Kind.Range.above(0, 1),
          "share of the FFN's weights",
          "what stays of each layer (0.75 and 0.5 in the paper: 25 % and 50 % pruned)");
  static final Key<Double> DISTILLATION = MethodKeys.distillation(KEYS);
  static final Key<Integer> CALIBRATION_TOKENS =
      MethodKeys.calibrationTokens(
          KEYS, 24576, 1 << 24, "training tokens that the importance is averaged over");

  private final Recipe recipe;

  PruningOptions(Recipe recipe) {
    this.recipe = recipe;
  }

  /** All keys. */
  static RecipeSection section() {
    return KEYS.build();
  }

  double target() {
    return recipe.get(TARGET);
  }

  double distillation() {
    return recipe.get(DISTILLATION);
  }

  int calibrationTokens() {
    return recipe.get(CALIBRATION_TOKENS);
  }

  /**
   * @throws UserError (wrong usage) if none of a model's neurons would stay
   */
  void requireFits(int intermediateSize) {
    Checks.require(
        Math.round(target() * intermediateSize) > 0,
        "pruning.target is %s, which leaves none of the model's %s neurons: give a larger share",
        target(),
        intermediateSize);
  }
}
