package org.mixtureofmasks.sparsify.moefication;

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
import org.mixtureofmasks.sparsify.moefication.MoeficationOptions.Split;

/** The recipe's section {@code moefication}. */
public final class MoeficationProvider implements MethodProvider {
  static final String NAME = "moefication";

  static final Key<Integer> EXPERTS =
      Key.integer(
          "moefication.experts",
          8,
          1,
          1 << 16,
          "experts a layer",
          "equal parts that a layer's neurons are split into, E; divides their number");
  static final Key<Integer> TOP_K =
      Key.integer(
          "moefication.top_k",
          4,
          1,
          1 << 16,
          "experts",
          "experts chosen for each token, k; k / E of the FFN's weights are active");
  static final Key<String> SPLIT =
      Key.choice(
          "moefication.split",
          "k_means",
          Stream.of(Split.values()).map(s -> s.name().toLowerCase(Locale.ROOT)).toList(),
          "neurons with similar rows of W_g together (k_means), those that are active together"
              + " (co_activation), by lot (random), or neighbours (contiguous)");
  static final Key<Boolean> STRAIGHT_THROUGH =
      Key.flag(
          "moefication.straight_through",
          true,
          "whether the router learns from the loss, by the gradient of sigmoid(r_e); or stays the"
              + " predictor that it starts as");
  static final Key<Double> ROUTER_LR_FACTOR =
      Key.number(
          "moefication.router_lr_factor",
          5,
          Kind.Range.above(0, 1e6),
          "times train.lr",
          "the router's learning rate");
  static final Key<Double> DISTILLATION =
      Key.number(
          "moefication.distillation",
          0,
          Kind.Range.of(0, 1),
          "",
          "weight w of the dense model in the loss (1 - w) CE + w KL; costs one more forward pass");
  static final Key<Integer> CALIBRATION_TOKENS =
      Key.integer(
          "moefication.calibration_tokens",
          24576,
          1,
          1 << 24,
          "tokens",
          "training tokens that router and co-activation graph are made from");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(
        new RecipeSection(
            "moefication",
            "MoEfication: the neurons split into equal experts.",
            List.of(
                EXPERTS,
                TOP_K,
                SPLIT,
                STRAIGHT_THROUGH,
                ROUTER_LR_FACTOR,
                DISTILLATION,
                CALIBRATION_TOKENS)));
  }

  private static MoeficationOptions options(Recipe recipe) {
    return new MoeficationOptions(
        recipe.get(EXPERTS),
        recipe.get(TOP_K),
        Split.valueOf(recipe.get(SPLIT).toUpperCase(Locale.ROOT)),
        recipe.get(STRAIGHT_THROUGH),
        recipe.get(ROUTER_LR_FACTOR),
        recipe.get(CALIBRATION_TOKENS));
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    MoeficationOptions options = options(recipe);
    options.requireDivides(config.intermediateSize());
    return new Moefication(options, recipe.get(RunKeys.LR), recipe.get(RunKeys.SEED));
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    return recipe.get(CALIBRATION_TOKENS);
  }

  @Override
  public double distillation(Recipe recipe) {
    return recipe.get(DISTILLATION);
  }

  @Override
  public double target(Recipe recipe) {
    return options(recipe).target();
  }
}
