package org.mixtureofmasks.sparsify.pruning;

import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** The recipe's section {@code pruning}. */
public final class PruningProvider implements MethodProvider {
  static final String NAME = "pruning";

  static final Key<Double> TARGET =
      Key.number(
          "pruning.target",
          0.5,
          Kind.Range.above(0, 1),
          "share of the FFN's weights",
          "what stays of each layer (0.75 and 0.5 in the paper: 25 % and 50 % pruned)");
  static final Key<Double> DISTILLATION =
      Key.number(
          "pruning.distillation",
          0,
          Kind.Range.of(0, 1),
          "",
          "weight w of the dense model in the loss (1 - w) CE + w KL; costs one more forward pass");
  static final Key<Integer> CALIBRATION_TOKENS =
      Key.integer(
          "pruning.calibration_tokens",
          24576,
          1,
          1 << 24,
          "tokens",
          "training tokens that the importance is averaged over");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(
        new RecipeSection(
            "pruning",
            "Static pruning: one fixed mask a layer.",
            List.of(TARGET, DISTILLATION, CALIBRATION_TOKENS)));
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    double target = recipe.get(TARGET);
    if (Math.round(target * config.intermediateSize()) == 0) {
      throw UserError.usage(
          "pruning.target is "
              + target
              + ", which leaves none of the model's "
              + config.intermediateSize()
              + " neurons: give a larger share");
    }
    return new Pruning(target);
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
    return recipe.get(TARGET);
  }
}
