package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Budget;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Constraint;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Criterion;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Shares;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Start;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Variant;

/** The recipe's section {@code masks}. */
public final class MixtureOfMasksProvider implements MethodProvider {
  static final String NAME = "mixture_of_masks";

  static final Key<String> VARIANT =
      Key.choice(
          "masks.variant",
          "mom",
          words(Variant.values()),
          "what is masked: the neurons (mom), the outputs of gate and up projection each on their own"
              + " (mom_fw), neurons and inputs (mom_fh), both projections and inputs (mom_fwh)");
  static final Key<String> START =
      Key.choice(
          "masks.start",
          "calibrated",
          words(Start.values()),
          "masks and router from activation statistics (calibrated), or every gate open and a random"
              + " router (ones, the paper's)");
  static final Key<Integer> EXPERTS =
      Key.integer("masks.experts", 32, 1, 1 << 16, "masks a layer", "experts of each layer, E");
  static final Key<Integer> TOP_K =
      Key.integer("masks.top_k", 1, 1, 1 << 16, "masks", "experts chosen for each token, k");
  static final Key<Double> TARGET =
      Key.number(
          "masks.target",
          0.5,
          Kind.Range.above(0, 1),
          "share of the FFN's weights",
          "what a token may use");
  static final Key<String> CONSTRAINT =
      Key.choice(
          "masks.constraint",
          "projected",
          words(Constraint.values()),
          "what holds the density while gates are learned: an exact shift (projected), learned"
              + " multipliers (lagrangian), the paper's Eq. 5 as printed (eq5); or only a fixed push:"
              + " on the expected L0 norm (l0_fixed), on the gates' absolute values (l1)");
  static final Key<Double> L0_WEIGHT =
      Key.number(
          "masks.l0_weight",
          1,
          Kind.Range.nonNegative(),
          "",
          "weight of the expected L0 norm, for each mask's density, under constraint l0_fixed");
  static final Key<Double> L1_WEIGHT =
      Key.number(
          "masks.l1_weight",
          1,
          Kind.Range.nonNegative(),
          "",
          "weight of the mean absolute gate of each mask under constraint l1");
  static final Key<String> BUDGET =
      Key.choice(
          "masks.budget",
          "expert",
          words(Budget.values()),
          "over which gates the target is counted");
  static final Key<Integer> BLOCK =
      Key.integer("masks.block", 1, 1, 32, "neurons", "neurons that go together: 1, 4, 16 or 32");
  static final Key<Double> BALANCE =
      Key.number(
          "masks.balance",
          0.01,
          Kind.Range.nonNegative(),
          "",
          "weight of the load balance loss (Switch Transformer), for each layer");
  static final Key<Double> SPARSIFY_SHARE =
      Key.number(
          "masks.sparsify_share",
          0,
          Kind.Range.of(0, 1),
          "share of the steps",
          "how long gates are sampled and learned before they harden; 0 hardens the start at once");
  static final Key<Double> DENSITY_WARMUP_SHARE =
      Key.number(
          "masks.density_warmup_share",
          0.4,
          Kind.Range.of(0, 1),
          "share of that time",
          "how long the density takes from its start to the target");
  static final Key<Double> MASK_LR =
      Key.number(
          "masks.mask_lr",
          0.02,
          Kind.Range.above(0, 10),
          "",
          "peak learning rate of log-alpha and of the multipliers (0.15 from ones)");
  static final Key<Double> ROUTER_LR_FACTOR =
      Key.number(
          "masks.router_lr_factor",
          5,
          Kind.Range.above(0, 1e6),
          "times train.lr",
          "the router's learning rate");
  static final Key<Boolean> STRAIGHT_THROUGH =
      Key.flag(
          "masks.straight_through",
          true,
          "whether the router learns from the loss through the chosen weights");
  static final Key<Double> DISTILLATION =
      Key.number(
          "masks.distillation",
          0,
          Kind.Range.of(0, 1),
          "",
          "weight w of the dense model in the loss (1 - w) CE + w KL; costs one more forward pass");
  static final Key<Integer> CALIBRATION_TOKENS =
      Key.integer(
          "masks.calibration_tokens",
          24576,
          1,
          1 << 24,
          "tokens",
          "training tokens that the calibrated start looks at");
  static final Key<String> CRITERION =
      Key.choice(
          "masks.criterion",
          "importance",
          words(Criterion.values()),
          "what the calibrated start's masks are good by: the importance of each neuron alone, or"
              + " also what the dropped neurons add up to (output_error, for top_k 1)");
  static final Key<String> LAYER_SHARES =
      Key.choice(
          "masks.layer_shares",
          "equal",
          words(Shares.values()),
          "whether every layer has the target, or layers have more the more the loss rises when"
              + " they alone are masked (by_loss); the mean is the target either way");
  static final Key<Boolean> TRAIN_WEIGHTS =
      Key.flag(
          "masks.train_weights",
          true,
          "whether the model's weights learn, or masks and router only");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(
        new RecipeSection(
            "masks",
            "The mixture of masks.",
            List.of(
                VARIANT,
                START,
                EXPERTS,
                TOP_K,
                TARGET,
                CONSTRAINT,
                L0_WEIGHT,
                L1_WEIGHT,
                BUDGET,
                BLOCK,
                BALANCE,
                SPARSIFY_SHARE,
                DENSITY_WARMUP_SHARE,
                MASK_LR,
                ROUTER_LR_FACTOR,
                STRAIGHT_THROUGH,
                DISTILLATION,
                CALIBRATION_TOKENS,
                CRITERION,
                LAYER_SHARES,
                TRAIN_WEIGHTS)));
  }

  /** The recipe's section, checked. */
  public static MixtureOfMasksOptions options(Recipe recipe) {
    return new MixtureOfMasksOptions(
        choice(Variant.class, recipe.get(VARIANT)),
        choice(Start.class, recipe.get(START)),
        recipe.get(EXPERTS),
        recipe.get(TOP_K),
        recipe.get(TARGET),
        choice(Constraint.class, recipe.get(CONSTRAINT)),
        recipe.get(L0_WEIGHT),
        recipe.get(L1_WEIGHT),
        choice(Budget.class, recipe.get(BUDGET)),
        recipe.get(BLOCK),
        recipe.get(BALANCE),
        recipe.get(SPARSIFY_SHARE),
        recipe.get(DENSITY_WARMUP_SHARE),
        recipe.get(MASK_LR),
        recipe.get(ROUTER_LR_FACTOR),
        recipe.get(STRAIGHT_THROUGH),
        recipe.get(DISTILLATION),
        recipe.get(CALIBRATION_TOKENS),
        choice(Criterion.class, recipe.get(CRITERION)),
        choice(Shares.class, recipe.get(LAYER_SHARES)),
        recipe.get(TRAIN_WEIGHTS));
  }

  @Override
  public void check(Recipe recipe) {
    IgnoredKeys.refuse(recipe, options(recipe));
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    MixtureOfMasksOptions options = options(recipe);
    options.gates(config.intermediateSize()); // refuses a block that does not divide it
    return new MixtureOfMasks(options, recipe.get(RunKeys.LR), recipe.get(RunKeys.SEED));
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    MixtureOfMasksOptions options = options(recipe);
    return options.start() == Start.CALIBRATED ? options.calibrationTokens() : 0;
  }

  @Override
  public int passesPerLayer(Recipe recipe) {
    MixtureOfMasksOptions options = options(recipe);
    boolean measures =
        options.start() == Start.CALIBRATED
            && options.layerShares() == MixtureOfMasksOptions.Shares.BY_LOSS;
    return measures ? LayerShares.measuredAt(options.target()).length : 0;
  }

  @Override
  public double distillation(Recipe recipe) {
    return recipe.get(DISTILLATION);
  }

  @Override
  public boolean trainsWeights(Recipe recipe) {
    return recipe.get(TRAIN_WEIGHTS);
  }

  @Override
  public double target(Recipe recipe) {
    return recipe.get(TARGET);
  }

  @Override
  public String variant(Recipe recipe) {
    return recipe.get(VARIANT);
  }

  private static List<String> words(Enum<?>[] values) {
    return Stream.of(values).map(v -> v.name().toLowerCase(Locale.ROOT)).toList();
  }

  private static <E extends Enum<E>> E choice(Class<E> type, String word) {
    return Enum.valueOf(type, word.toUpperCase(Locale.ROOT));
  }
}
