package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.mixtureofmasks.recipe.Checks.require;

import java.util.Locale;
import org.mixtureofmasks.recipe.Checks;
import org.mixtureofmasks.recipe.Recipe;

/** How the keys of a mixture of masks must go together. */
final class Requirements {
  private Requirements() {}

  /**
   * @throws org.mixtureofmasks.UserError (wrong usage) for the first requirement that is not met
   */
  static void check(MixtureOfMasksOptions o) {
    require(
        o.topK() <= o.experts(),
        "masks.top_k is %s: give 1 to masks.experts (%s)",
        o.topK(),
        o.experts());
    require(
        o.block() == 1 || o.block() == 4 || o.block() == 16 || o.block() == 32,
        "masks.block is %s: give 1, 4, 16 or 32 neurons",
        o.block());
    require(
        o.start() != Start.ONES || o.sparsifyShare() > 0 || o.target() == 1,
        "masks.sparsify_share is 0 with masks.start ones: nothing tells the neurons apart yet; give"
            + " a share such as 0.6, or start calibrated");
    require(
        o.start() != Start.CALIBRATED || o.calibrationTokens() >= o.experts(),
        "masks.calibration_tokens is %s: give at least one for each of the %s experts, better"
            + " 24000",
        o.calibrationTokens(),
        o.experts());
    severalMasksOfAToken(o);
    outputError(o);
    sharesByLoss(o);
  }

  private static void severalMasksOfAToken(MixtureOfMasksOptions o) {
    require(
        o.topK() == 1 || o.variant() == Variant.MOM,
        "masks.variant %s with masks.top_k %s: masks within the nonlinearity do not mix; give"
            + " masks.top_k 1, or the variant mom",
        o.variant().name().toLowerCase(Locale.ROOT),
        o.topK());
    require(
        o.topK() == 1 || o.budget() == Budget.EXPERT,
        "masks.budget with masks.top_k above 1 must be expert: the union of the chosen masks meets"
            + " the target layer by layer");
  }

  private static void outputError(MixtureOfMasksOptions o) {
    if (o.criterion() == Criterion.IMPORTANCE) {
      return;
    }
    require(
        o.topK() == 1,
        "masks.criterion output_error with masks.top_k %s: it weighs what one mask drops; give"
            + " masks.top_k 1, or the criterion importance",
        o.topK());
    require(
        o.start() == Start.CALIBRATED,
        "masks.criterion output_error with masks.start ones, which looks at no tokens: give the"
            + " start calibrated, or the criterion importance");
    require(
        !o.variant().masksInputs(),
        "masks.criterion output_error with a variant that masks inputs, whose error it does not"
            + " weigh: give the criterion importance");
    require(
        o.budget() == Budget.EXPERT,
        "masks.criterion output_error exchanges gates within a mask of a given count: give"
            + " masks.budget expert, or the criterion importance");
  }

  private static void sharesByLoss(MixtureOfMasksOptions o) {
    require(
        o.layerShares() == Shares.EQUAL
            || (o.start() == Start.CALIBRATED
                && o.topK() == 1
                && o.budget() == Budget.EXPERT
                && o.sparsifyShare() == 0
                && o.target() < 1
                && o.variant() == Variant.MOM),
        "masks.layer_shares by_loss is for masks.variant mom, start calibrated, top_k 1, budget"
            + " expert, sparsify_share 0 and a target below 1: change those, or give layer_shares"
            + " equal");
  }

  /**
   * Refuses keys that a recipe gives and its other keys leave without effect.
   *
   * @throws org.mixtureofmasks.UserError (wrong usage) for the first key that would be ignored
   */
  static void refuseIgnored(Recipe recipe, MixtureOfMasksOptions o) {
    Checks keys = new Checks(recipe);
    if (!o.learnsMasks()) {
      String why = "masks.sparsify_share is 0, so that no gate is learned";
      keys.requireAbsent(MixtureOfMasksOptions.CONSTRAINT, why);
      keys.requireAbsent(MixtureOfMasksOptions.L0_WEIGHT, why);
      keys.requireAbsent(MixtureOfMasksOptions.L1_WEIGHT, why);
      keys.requireAbsent(MixtureOfMasksOptions.DENSITY_WARMUP_SHARE, why);
      keys.requireAbsent(MixtureOfMasksOptions.MASK_LR, why);
    }
    String name = "masks.constraint is " + o.constraint().name().toLowerCase(Locale.ROOT);
    if (!o.constraint().isScheduled()) {
      keys.requireAbsent(
          MixtureOfMasksOptions.DENSITY_WARMUP_SHARE, name + ", which has no schedule");
    }
    if (o.constraint() != Constraint.L0_FIXED) {
      keys.requireAbsent(MixtureOfMasksOptions.L0_WEIGHT, name + ", not l0_fixed");
    }
    if (o.constraint() != Constraint.L1) {
      keys.requireAbsent(MixtureOfMasksOptions.L1_WEIGHT, name + ", not l1");
    }
    if (o.start() == Start.ONES) {
      keys.requireAbsent(
          MixtureOfMasksOptions.CALIBRATION_TOKENS, "masks.start is ones, which looks at no token");
    }
    if (o.experts() == 1) {
      String why = "masks.experts is 1, so that there is nothing to route";
      keys.requireAbsent(MixtureOfMasksOptions.BALANCE, why);
      keys.requireAbsent(MixtureOfMasksOptions.ROUTER_LR_FACTOR, why);
      keys.requireAbsent(MixtureOfMasksOptions.STRAIGHT_THROUGH, why);
    }
  }
}
