package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.mixtureofmasks.UserError;
import org.mixtureofmasks.recipe.Checks;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.MethodKeys;

/** The recipe's section {@code masks}: each key declared once, and the value a recipe gives it. */
public final class MixtureOfMasksOptions {
  private static final RecipeSection.Builder KEYS =
      RecipeSection.named("masks", "The mixture of masks.");

  static final Key<Variant> VARIANT =
      KEYS.word(
          "variant",
          Variant.MOM,
          "what is masked: the neurons (mom), the outputs of gate and up projection each on their own"
              + " (mom_fw), neurons and inputs (mom_fh), both projections and inputs (mom_fwh)");
  static final Key<Start> START =
      KEYS.word(
          "start",
          Start.CALIBRATED,
          "masks and router from activation statistics (calibrated), or every gate open and a random"
              + " router (ones, the paper's)");
  static final Key<Integer> EXPERTS =
      KEYS.integer("experts", 32, 1, 1 << 16, "masks a layer", "experts of each layer, E");
  static final Key<Integer> TOP_K =
      KEYS.integer("top_k", 1, 1, 1 << 16, "masks", "experts chosen for each token, k");
  static final Key<Double> TARGET =
      KEYS.number(
          "target",
          0.5,
          Kind.Range.above(0, 1),
          "share of the FFN's weights",
          "what a token may use");
  static final Key<Constraint> CONSTRAINT =
      KEYS.word(
          "constraint",
          Constraint.PROJECTED,
          "what holds the density while gates are learned: an exact shift (projected), learned"
              + " multipliers (lagrangian), the paper's Eq. 5 as printed (eq5); or only a fixed push:"
              + " on the expected L0 norm (l0_fixed), on the gates' absolute values (l1)");
  static final Key<Double> L0_WEIGHT =
      KEYS.number(
          "l0_weight",
          1,
          Kind.Range.nonNegative(),
          "",
          "weight of the expected L0 norm, for each mask's density, under constraint l0_fixed");
  static final Key<Double> L1_WEIGHT =
      KEYS.number(
          "l1_weight",
          1,
          Kind.Range.nonNegative(),
          "",
          "weight of the mean absolute gate of each mask under constraint l1");
  static final Key<Budget> BUDGET =
      KEYS.word("budget", Budget.EXPERT, "over which gates the target is counted");
  static final Key<Integer> BLOCK =
      KEYS.integer("block", 1, 1, 32, "neurons", "neurons that go together: 1, 4, 16 or 32");
  static final Key<Double> BALANCE =
      KEYS.number(
          "balance",
          0.01,
          Kind.Range.nonNegative(),
          "",
          "weight of the load balance loss (Switch Transformer), for each layer");
  static final Key<Double> SPARSIFY_SHARE =
      KEYS.number(
          "sparsify_share",
          0,
          Kind.Range.of(0, 1),
          "share of the steps",
          "how long gates are sampled and learned before they harden; 0 hardens the start at once");
  static final Key<Double> DENSITY_WARMUP_SHARE =
      KEYS.number(
          "density_warmup_share",
          0.4,
          Kind.Range.of(0, 1),
          "share of that time",
          "how long the density takes from its start to the target");
  static final Key<Double> MASK_LR =
      KEYS.number(
          "mask_lr",
          0.02,
          Kind.Range.above(0, 10),
          "",
          "peak learning rate of log-alpha and of the multipliers (0.15 from ones)");
  static final Key<Double> ROUTER_LR_FACTOR =
      MethodKeys.routerLrFactor(KEYS, 5, "the router's learning rate");
  static final Key<Boolean> STRAIGHT_THROUGH =
      KEYS.flag(
          "straight_through",
          true,
          "whether the router learns from the loss through the chosen weights");
  static final Key<Double> DISTILLATION = MethodKeys.distillation(KEYS);
  static final Key<Integer> CALIBRATION_TOKENS =
      MethodKeys.calibrationTokens(
          KEYS, 24576, 1 << 24, "training tokens that the calibrated start looks at");
  static final Key<Criterion> CRITERION =
      KEYS.word(
          "criterion",
          Criterion.IMPORTANCE,
          "what the calibrated start's masks are good by: the importance of each neuron alone, or"
              + " also what the dropped neurons add up to (output_error, for top_k 1)");
  static final Key<Shares> LAYER_SHARES =
      KEYS.word(
          "layer_shares",
          Shares.EQUAL,
          "whether every layer has the target, or layers have more the more the loss rises when"
              + " they alone are masked (by_loss); the mean is the target either way");
  static final Key<Boolean> TRAIN_WEIGHTS =
      KEYS.flag(
          "train_weights", true, "whether the model's weights learn, or masks and router only");

  private final Recipe recipe;

  private MixtureOfMasksOptions(Recipe recipe) {
    this.recipe = recipe;
  }

  /**
   * What a recipe asks for.
   *
   * @throws UserError (wrong usage) if keys contradict each other
   */
  public static MixtureOfMasksOptions of(Recipe recipe) {
    MixtureOfMasksOptions options = new MixtureOfMasksOptions(recipe);
    Requirements.check(options);
    return options;
  }

  /** All keys. */
  public static RecipeSection section() {
    return KEYS.build();
  }

  Variant variant() {
    return recipe.get(VARIANT);
  }

  Start start() {
    return recipe.get(START);
  }

  int experts() {
    return recipe.get(EXPERTS);
  }

  int topK() {
    return recipe.get(TOP_K);
  }

  double target() {
    return recipe.get(TARGET);
  }

  Constraint constraint() {
    return recipe.get(CONSTRAINT);
  }

  double l0Weight() {
    return recipe.get(L0_WEIGHT);
  }

  double l1Weight() {
    return recipe.get(L1_WEIGHT);
  }

  Budget budget() {
    return recipe.get(BUDGET);
  }

  int block() {
    return recipe.get(BLOCK);
  }

  double balance() {
    return recipe.get(BALANCE);
  }

  double sparsifyShare() {
    return recipe.get(SPARSIFY_SHARE);
  }

  double densityWarmupShare() {
    return recipe.get(DENSITY_WARMUP_SHARE);
  }

  double maskLr() {
    return recipe.get(MASK_LR);
  }

  double routerLrFactor() {
    return recipe.get(ROUTER_LR_FACTOR);
  }

  boolean straightThrough() {
    return recipe.get(STRAIGHT_THROUGH);
  }

  double distillation() {
    return recipe.get(DISTILLATION);
  }

  int calibrationTokens() {
    return recipe.get(CALIBRATION_TOKENS);
  }

  Criterion criterion() {
    return recipe.get(CRITERION);
  }

  Shares layerShares() {
    return recipe.get(LAYER_SHARES);
  }

  boolean trainWeights() {
    return recipe.get(TRAIN_WEIGHTS);
  }

  /** Whether gates are sampled and learned for a part of the run. */
  boolean learnsMasks() {
    return sparsifyShare() > 0;
  }

  /**
   * Gates of each mask: intermediate_size / block.
   *
   * @throws UserError (wrong usage) if they are no whole number
   */
  int gates(int intermediateSize) {
    Checks.require(
        intermediateSize % block() == 0,
        "masks.block is %s, which does not divide the model's %s neurons: choose another block",
        block(),
        intermediateSize);
    return intermediateSize / block();
  }
}
