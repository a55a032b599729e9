package org.mixtureofmasks.sparsify.dsmoe;

import java.util.List;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** The recipe's section {@code dsmoe}. */
public final class DsmoeProvider implements MethodProvider {
  static final String NAME = "dsmoe";

  static final Key<Integer> EXPERTS =
      Key.integer(
          "dsmoe.experts",
          8,
          1,
          1 << 16,
          "experts a layer",
          "equal parts of neighbouring neurons, E; divides intermediate_size");
  static final Key<Double> TARGET =
      Key.number(
          "dsmoe.target",
          0.5,
          Kind.Range.of(0, 1),
          "share of the experts",
          "what a token uses on average: the threshold follows the gates and is set on training"
              + " tokens at the end; 0 keeps dsmoe.threshold, as in the paper");
  static final Key<Double> THRESHOLD =
      Key.number(
          "dsmoe.threshold",
          DsmoeOptions.THRESHOLD,
          Kind.Range.below(0, 1),
          "",
          "with dsmoe.target 0, what the gate of an expert must exceed");
  static final Key<Double> L1 =
      Key.number(
          "dsmoe.l1",
          1,
          Kind.Range.nonNegative(),
          "",
          "weight of the mean of the passing gates in the loss");
  static final Key<Double> ROUTER_LR_FACTOR =
      Key.number(
          "dsmoe.router_lr_factor",
          1,
          Kind.Range.above(0, 1e6),
          "times train.lr",
          "the routers' learning rate");
  static final Key<Integer> CALIBRATION_TOKENS =
      Key.integer(
          "dsmoe.calibration_tokens",
          24576,
          1,
          1 << 24,
          "tokens",
          "with a target, training tokens on which the threshold is set before the first and after"
              + " the last step");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(
        new RecipeSection(
            "dsmoe",
            "DSMoE: equal parts, each behind a sigmoid gate with a threshold.",
            List.of(EXPERTS, TARGET, THRESHOLD, L1, ROUTER_LR_FACTOR, CALIBRATION_TOKENS)));
  }

  private static DsmoeOptions options(Recipe recipe) {
    return new DsmoeOptions(
        recipe.get(EXPERTS),
        recipe.get(THRESHOLD),
        recipe.get(TARGET),
        recipe.get(L1),
        recipe.get(ROUTER_LR_FACTOR),
        recipe.get(CALIBRATION_TOKENS));
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    DsmoeOptions options = options(recipe);
    options.requireFits(config.intermediateSize());
    return new Dsmoe(options, recipe.get(RunKeys.LR), recipe.get(RunKeys.SEED));
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    DsmoeOptions options = options(recipe);
    return options.tracks() ? options.calibrationTokens() : 0;
  }

  /** As the interface says; 1 when the recipe asks for none and the gates decide. */
  @Override
  public double target(Recipe recipe) {
    DsmoeOptions options = options(recipe);
    return options.tracks() ? options.target() : 1;
  }
}
