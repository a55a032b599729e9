package org.mixtureofmasks.sparsify.cmoe;

import java.util.List;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** Makes the method from the recipe's section {@code cmoe}. */
public final class CmoeProvider implements MethodProvider {
  static final String NAME = "cmoe";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(CmoeOptions.section());
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    CmoeOptions options = CmoeOptions.of(recipe);
    options.requireFits(config.intermediateSize());
    return new Cmoe(options);
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    return CmoeOptions.of(recipe).calibrationTokens();
  }

  @Override
  public double target(Recipe recipe) {
    return CmoeOptions.of(recipe).share();
  }
}
