package org.mixtureofmasks.sparsify;

import org.mixtureofmasks.recipe.Checks;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.RecipeSection;

/** Keys, and demands on the model, that several methods have; each declares its own by them. */
public final class MethodKeys {
  private MethodKeys() {}

  /** What {@link MethodProvider#distillation} gives. */
  public static Key<Double> distillation(RecipeSection.Builder keys) {
    return keys.number(
        "distillation",
        0,
        Kind.Range.of(0, 1),
        "",
        "weight w of the dense model in the loss (1 - w) CE + w KL; costs one more forward pass");
  }

  /** What {@link MethodProvider#calibrationTokens} gives. */
  public static Key<Integer> calibrationTokens(
      RecipeSection.Builder keys, int fallback, int max, String sentence) {
    return keys.integer("calibration_tokens", fallback, 1, max, "tokens", sentence);
  }

  /** Learning rate of routers as a multiple of the weights'. */
  public static Key<Double> routerLrFactor(
      RecipeSection.Builder keys, double fallback, String sentence) {
    return keys.number(
        "router_lr_factor", fallback, Kind.Range.above(0, 1e6), "times train.lr", sentence);
  }

  /**
   * @param key of the number of experts
   * @throws org.mixtureofmasks.UserError (wrong usage) if a model's neurons are not so many equal
   *     parts
   */
  public static void requireEqualParts(Key<Integer> key, int experts, int intermediateSize) {
    Checks.require(
        intermediateSize % experts == 0,
        "%s is %s, which does not divide the model's %s neurons: choose another number of experts",
        key.name(),
        experts,
        intermediateSize);
  }
}
