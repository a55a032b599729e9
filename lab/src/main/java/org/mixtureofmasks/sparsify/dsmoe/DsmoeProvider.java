package org.mixtureofmasks.sparsify.dsmoe;

import java.util.List;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** Makes the method from the recipe's section {@code dsmoe}. */
public final class DsmoeProvider implements MethodProvider {
  static final String NAME = "dsmoe";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(DsmoeOptions.section());
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    DsmoeOptions options = DsmoeOptions.of(recipe);
    options.requireFits(config.intermediateSize());
    return new Dsmoe(options, recipe.get(RunKeys.LR), recipe.get(RunKeys.SEED));
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    DsmoeOptions options = DsmoeOptions.of(recipe);
    return options.tracks() ? options.calibrationTokens() : 0;
  }

  /** As the interface says; 1 when the recipe asks for none and the gates decide. */
  @Override
  public double target(Recipe recipe) {
    DsmoeOptions options = DsmoeOptions.of(recipe);
    return options.tracks() ? options.target() : 1;
  }
}
