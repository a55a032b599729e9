package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.Locale;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Constraint;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Start;

/** Refuses keys that a recipe gives and its other keys leave without effect. */
final class IgnoredKeys {
  private final Recipe recipe;

  private IgnoredKeys(Recipe recipe) {
    this.recipe = recipe;
  }

  /**
   * @throws UserError (wrong usage) for the first key that would be ignored
   */
  static void refuse(Recipe recipe, MixtureOfMasksOptions options) {
    IgnoredKeys keys = new IgnoredKeys(recipe);
    if (options.sparsifyShare() == 0) {
      String why = "masks.sparsify_share is 0, so that no gate is learned";
      keys.refuse(MixtureOfMasksProvider.CONSTRAINT, why);
      keys.refuse(MixtureOfMasksProvider.L0_WEIGHT, why);
      keys.refuse(MixtureOfMasksProvider.L1_WEIGHT, why);
      keys.refuse(MixtureOfMasksProvider.DENSITY_WARMUP_SHARE, why);
      keys.refuse(MixtureOfMasksProvider.MASK_LR, why);
    }
    Constraint constraint = options.constraint();
    String name = "masks.constraint is " + constraint.name().toLowerCase(Locale.ROOT);
    if (!constraint.isScheduled()) {
      keys.refuse(MixtureOfMasksProvider.DENSITY_WARMUP_SHARE, name + ", which has no schedule");
    }
    if (constraint != Constraint.L0_FIXED) {
      keys.refuse(MixtureOfMasksProvider.L0_WEIGHT, name + ", not l0_fixed");
    }
    if (constraint != Constraint.L1) {
      keys.refuse(MixtureOfMasksProvider.L1_WEIGHT, name + ", not l1");
    }
    if (options.start() == Start.ONES) {
      keys.refuse(
          MixtureOfMasksProvider.CALIBRATION_TOKENS,
          "masks.start is ones, which looks at no token");
    }
    if (options.experts() == 1) {
      String why = "masks.experts is 1, so that there is nothing to route";
      keys.refuse(MixtureOfMasksProvider.BALANCE, why);
      keys.refuse(MixtureOfMasksProvider.ROUTER_LR_FACTOR, why);
      keys.refuse(MixtureOfMasksProvider.STRAIGHT_THROUGH, why);
    }
  }

  private void refuse(Key<?> key, String why) {
    if (recipe.given(key)) {
      throw UserError.usage(
          key.name() + " would have no effect: " + why + "; remove it, or change the other");
    }
  }
}
