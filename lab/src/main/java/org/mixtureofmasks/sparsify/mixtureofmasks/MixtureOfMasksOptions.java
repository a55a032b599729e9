package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.Locale;
import org.mixtureofmasks.UserError;

/**
 * The recipe's keys {@code masks.*} of a mixture of masks, checked.
 *
 * @param variant which weights the masks act on
 * @param start where masks and router begin
 * @param experts masks per layer, E, at least 1
 * @param topK masks chosen for each token, k, in [1, E]
 * @param target active share of the FFN's weights, in (0, 1]
 * @param constraint what drives the density to the target while gates are sampled
 * @param l0Weight weight of the expected L0 norm under the constraint l0_fixed, at least 0
 * @param l1Weight weight of the gates' absolute values under the constraint l1, at least 0
 * @param budget over which gates the density is counted
 * @param block neurons that a gate switches together: 1, 4, 16 or 32; divides intermediate_size
 * @param balance weight alpha of the load balance loss, at least 0
 * @param sparsifyShare share of the steps in which gates are sampled and learned, in [0, 1]; 0
 *     hardens the start at once
 * @param densityWarmupShare share of those steps in which the density goes from its start to the
 *     target, in [0, 1]
 * @param maskLr peak learning rate of log-alpha (and of the Lagrange multipliers), above 0
 * @param routerLrFactor the router's learning rate over the weights', above 0
 * @param straightThrough whether the router learns from the language-model loss with the
 *     straight-through gradient
 * @param distillation weight w in [0, 1] of the divergence from the dense model: (1 - w) CE + w KL;
 *     the loop computes it
 * @param calibrationTokens tokens that the calibrated start looks at
 * @param criterion what the calibrated start's masks are good by
 * @param layerShares how the calibrated start spreads the target over the layers
 * @param trainWeights whether the model's own weights learn, or only masks and router
 */
public record MixtureOfMasksOptions(
    Variant variant,
    Start start,
    int experts,
    int topK,
    double target,
    Constraint constraint,
    double l0Weight,
    double l1Weight,
    Budget budget,
    int block,
    double balance,
    double sparsifyShare,
    double densityWarmupShare,
    double maskLr,
    double routerLrFactor,
    boolean straightThrough,
    double distillation,
    int calibrationTokens,
    Criterion criterion,
    Shares layerShares,
    boolean trainWeights) {

  /** Which weights are masked. */
  public enum Variant {
    /** The intermediate neurons (paper Eq. 3). */
    MOM(false, false),
    /** The outputs of the gate and of the up projection, each with masks of its own. */
    MOM_FW(true, false),
    /** The intermediate neurons and the FFN's inputs. */
    MOM_FH(false, true),
    /** The outputs of both projections and the FFN's inputs. */
    MOM_FWH(true, true);

    private final boolean projections;
    private final boolean inputs;

    Variant(boolean projections, boolean inputs) {
      this.projections = projections;
      this.inputs = inputs;
    }

    /** Whether the gate and the up projection have masks of their own. */
    public boolean masksProjections() {
      return projections;
    }

    /** Whether the dimensions of the FFN's input are masked. */
    public boolean masksInputs() {
      return inputs;
    }
  }

  /** Where masks and router begin. */
  public enum Start {
    /** From activation statistics: {@link KMasks}. */
    CALIBRATED,
    /** Every gate open, a random router (the paper's). */
    ONES
  }

  /** What the calibrated start's masks are good by. */
  public enum Criterion {
    /** The summed importance of the neurons they keep: {@link KMasks}. */
    IMPORTANCE,
    /** That, then the error of the FFN's output: {@link OutputError}. */
    OUTPUT_ERROR
  }

  /** How the calibrated start spreads the target over the layers. */
  public enum Shares {
    /** Every layer has the target. */
    EQUAL,
    /** Layers have more the more the loss rises without: {@link LayerShares}. */
    BY_LOSS
  }

  /** What drives the density while gates are sampled. */
  public enum Constraint {
    /** A shift of log-alpha that meets the density exactly at every step. */
    PROJECTED,
    /** Learned multipliers (Louizos et al., Sheared LLaMA). */
    LAGRANGIAN,
    /** The paper's Eq. 5 as printed. */
    EQ5,
    /** A fixed weight on the expected L0 norm (Louizos et al.). */
    L0_FIXED,
    /** A fixed weight on the gates' absolute values (paper Fig. 4 c, f). */
    L1;

    /** Whether the density follows a schedule; the others push at one strength all the time. */
    public boolean isScheduled() {
      return this == PROJECTED || this == LAGRANGIAN;
    }
  }

  /** Over which gates the density is counted. */
  public enum Budget {
    EXPERT,
    LAYER,
    GLOBAL
  }

  public MixtureOfMasksOptions {
    require(experts >= 1, "masks.experts is " + experts + ": give at least 1");
    require(
        topK >= 1 && topK <= experts,
        "masks.top_k is " + topK + ": give 1 to masks.experts (" + experts + ")");
    require(
        target > 0 && target <= 1,
        "masks.target is " + target + ": give a share above 0 and at most 1, such as 0.5");
    require(
        block == 1 || block == 4 || block == 16 || block == 32,
        "masks.block is " + block + ": give 1, 4, 16 or 32 neurons");
    require(l0Weight >= 0, "masks.l0_weight is " + l0Weight + ": give 0 or more");
    require(l1Weight >= 0, "masks.l1_weight is " + l1Weight + ": give 0 or more");
    require(balance >= 0, "masks.balance is " + balance + ": give 0 or more");
    requireShare("sparsify_share", sparsifyShare);
    requireShare("distillation", distillation);
    requireShare("density_warmup_share", densityWarmupShare);
    require(maskLr > 0, "masks.mask_lr is " + maskLr + ": give more than 0");
    require(routerLrFactor > 0, "masks.router_lr_factor is " + routerLrFactor + ": give above 0");
    require(
        start != Start.ONES || sparsifyShare > 0 || target == 1,
        "masks.sparsify_share is 0 with masks.start ones: nothing tells the neurons apart yet; give"
            + " a share such as 0.6, or start calibrated");
    require(
        topK == 1 || variant == Variant.MOM,
        "masks.variant "
            + variant.name().toLowerCase(Locale.ROOT)
            + " with masks.top_k "
            + topK
            + ": masks within the nonlinearity do not mix; give masks.top_k 1, or the variant mom");
    require(
        topK == 1 || budget == Budget.EXPERT,
        "masks.budget with masks.top_k above 1 must be expert: the union of the chosen masks meets"
            + " the target layer by layer");
    require(
        topK == 1 || criterion == Criterion.IMPORTANCE,
        "masks.criterion output_error with masks.top_k "
            + topK
            + ": it weighs what one mask drops; give masks.top_k 1, or the criterion importance");
    require(
        start == Start.CALIBRATED || criterion == Criterion.IMPORTANCE,
        "masks.criterion output_error with masks.start ones, which looks at no tokens: give the"
            + " start calibrated, or the criterion importance");
    require(
        criterion == Criterion.IMPORTANCE || !variant.masksInputs(),
        "masks.criterion output_error with a variant that masks inputs, whose error it does not"
            + " weigh: give the criterion importance");
    require(
        criterion == Criterion.IMPORTANCE || budget == Budget.EXPERT,
        "masks.criterion output_error exchanges gates within a mask of a given count: give"
            + " masks.budget expert, or the criterion importance");
    require(
        layerShares == Shares.EQUAL
            || (start == Start.CALIBRATED
                && topK == 1
                && budget == Budget.EXPERT
                && sparsifyShare == 0
                && target < 1
                && variant == Variant.MOM),
        "masks.layer_shares by_loss is for masks.variant mom, start calibrated, top_k 1, budget"
            + " expert, sparsify_share 0 and a target below 1: change those, or give layer_shares"
            + " equal");
    require(
        start != Start.CALIBRATED || calibrationTokens >= experts,
        "masks.calibration_tokens is "
            + calibrationTokens
            + ": give at least one for each of the "
            + experts
            + " experts, better 24000");
  }

  /** Whether gates are sampled and learned for a part of the run. */
  public boolean learnsMasks() {
    return sparsifyShare > 0;
  }

  /** Gates of each mask: intermediate_size / block. */
  public int gates(int intermediateSize) {
    require(
        intermediateSize % block == 0,
        "masks.block is "
            + block
            + ", which does not divide the model's "
            + intermediateSize
            + " neurons: choose another block");
    return intermediateSize / block;
  }

  private static void requireShare(String key, double share) {
    require(share >= 0 && share <= 1, "masks." + key + " is " + share + ": give 0 to 1");
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw UserError.usage(otherwise);
    }
  }
}
