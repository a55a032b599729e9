package org.mixtureofmasks.sparsify.pruning;

import java.util.List;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** Makes the method from the recipe's section {@code pruning}. */
public final class PruningProvider implements MethodProvider {
  static final String NAME = "pruning";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(PruningOptions.section());
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    PruningOptions options = new PruningOptions(recipe);
    options.requireFits(config.intermediateSize());
    return new Pruning(options.target());
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    return recipe.get(PruningOptions.CALIBRATION_TOKENS);
  }

  @Override
  public double distillation(Recipe recipe) {
    return recipe.get(PruningOptions.DISTILLATION);
  }

  @Override
  public double target(Recipe recipe) {
    return recipe.get(PruningOptions.TARGET);
  }
}
