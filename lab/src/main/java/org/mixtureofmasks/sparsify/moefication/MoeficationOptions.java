package org.mixtureofmasks.sparsify.moefication;

import org.mixtureofmasks.UserError;
import org.mixtureofmasks.recipe.Checks;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.MethodKeys;

/**
 * The recipe's section {@code moefication}: each key declared once, and the value a recipe gives
 * it.
 */
public final class MoeficationOptions {
  private static final RecipeSection.Builder KEYS =
      RecipeSection.named("moefication", "MoEfication: the neurons split into equal experts.");

  static final Key<Integer> EXPERTS =
      KEYS.integer(
          "experts",
          8,
          1,
          1 << 16,
          "experts a layer",
          "equal parts that a layer's neurons are split into, E; divides their number");
  static final Key<Integer> TOP_K =
      KEYS.integer(
          "top_k",
          4,
          1,
          1 << 16,
          "experts",
          "experts chosen for each token, k; k / E of the FFN's weights are active");
  static final Key<Split> SPLIT =
      KEYS.word(
          "split",
          Split.K_MEANS,
          "neurons with similar rows of W_g together (k_means), those that are active together"
              + " (co_activation), by lot (random), or neighbours (contiguous)");
  static final Key<Boolean> STRAIGHT_THROUGH =
      KEYS.flag(
          "straight_through",
          true,
          "whether the router learns from the loss, by the gradient of sigmoid(r_e); or stays the"
              + " predictor that it starts as");
  static final Key<Double> ROUTER_LR_FACTOR =
      MethodKeys.routerLrFactor(KEYS, 5, "the router's learning rate");
  static final Key<Double> DISTILLATION = MethodKeys.distillation(KEYS);
  static final Key<Integer> CALIBRATION_TOKENS =
      MethodKeys.calibrationTokens(
          KEYS,
          24576,
          1 << 24,
          "training tokens that router and co-activation graph are made from");

  private final Recipe recipe;

  private MoeficationOptions(Recipe recipe) {
    this.recipe = recipe;
  }

  /**
   * What a recipe asks for.
   *
   * @throws UserError (wrong usage) if keys contradict each other
   */
  static MoeficationOptions of(Recipe recipe) {
    MoeficationOptions options = new MoeficationOptions(recipe);
    Checks.require(
        options.topK() <= options.experts(),
        "moefication.top_k is %s: give 1 to moefication.experts (%s)",
        options.topK(),
        options.experts());
    return options;
  }

  /** All keys. */
  static RecipeSection section() {
    return KEYS.build();
  }

  int experts() {
    return recipe.get(EXPERTS);
  }

  int topK() {
    return recipe.get(TOP_K);
  }

  Split split() {
    return recipe.get(SPLIT);
  }

  boolean straightThrough() {
    return recipe.get(STRAIGHT_THROUGH);
  }

  double routerLrFactor() {
    return recipe.get(ROUTER_LR_FACTOR);
  }

  double distillation() {
    return recipe.get(DISTILLATION);
  }

  int calibrationTokens() {
    return recipe.get(CALIBRATION_TOKENS);
  }

  /** Share of the FFN's weights that a token uses. */
  double target() {
    return (double) topK() / experts();
  }

  /**
   * @param intermediateSize neurons of the model's FFN
   * @throws UserError (wrong usage) if they cannot be split into equal parts
   */
  void requireDivides(int intermediateSize) {
    Checks.require(
        intermediateSize % experts() == 0,
        "moefication.experts is %s, which does not divide the model's %s neurons: choose another"
            + " number, such as %s",
        experts(),
        intermediateSize,
        nearestDivisor(intermediateSize));
  }

  private int nearestDivisor(int neurons) {
    int best = 1;
    for (int n = 1; n <= neurons; n++) {
      if (neurons % n == 0 && Math.abs(n - experts()) < Math.abs(best - experts())) {
        best = n;
      }
    }
    return best;
  }
}
