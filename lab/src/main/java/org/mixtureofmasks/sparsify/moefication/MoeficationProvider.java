package org.mixtureofmasks.sparsify.moefication;

import java.util.List;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** Makes the method from the recipe's section {@code moefication}. */
public final class MoeficationProvider implements MethodProvider {
  static final String NAME = "moefication";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(MoeficationOptions.section());
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    MoeficationOptions options = MoeficationOptions.of(recipe);
    options.requireDivides(config.intermediateSize());
    return new Moefication(options, recipe.get(RunKeys.LR), recipe.get(RunKeys.SEED));
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    return recipe.get(MoeficationOptions.CALIBRATION_TOKENS);
  }

  @Override
  public double distillation(Recipe recipe) {
    return recipe.get(MoeficationOptions.DISTILLATION);
  }

  @Override
  public double target(Recipe recipe) {
    return MoeficationOptions.of(recipe).target();
  }
}
