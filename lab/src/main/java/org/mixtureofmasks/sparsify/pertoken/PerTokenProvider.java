package org.mixtureofmasks.sparsify.pertoken;

import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** Makes the method from the recipe's section {@code per_token}. */
public final class PerTokenProvider implements MethodProvider {
  static final String NAME = "per_token";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(PerTokenOptions.section());
  }

  /**
   * As the interface says.
   *
   * @throws UserError if the recipe trains, or names nothing to evaluate on: there would be no
   *     result
   */
  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    if (recipe.get(RunKeys.STEPS) > 0 || recipe.get(RunKeys.TOKENS) > 0) {
      throw UserError.usage(
          "the method per_token trains nothing, it only evaluates: give --steps 0 or train.steps: 0");
    }
    if (recipe.get(RunKeys.EVALUATE_ROWS).isEmpty()) {
      throw UserError.usage(
          "the method per_token only evaluates, and there is nothing to evaluate on: name files"
              + " under evaluate.rows");
    }
    return new PerToken(TokenRule.of(new PerTokenOptions(recipe)));
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    PerTokenOptions options = new PerTokenOptions(recipe);
    return options.rule() == PerTokenOptions.Rule.CATS ? options.calibrationTokens() : 0;
  }

  @Override
  public boolean trainsWeights(Recipe recipe) {
    return false;
  }

  @Override
  public double target(Recipe recipe) {
    return recipe.get(PerTokenOptions.TARGET);
  }
}
