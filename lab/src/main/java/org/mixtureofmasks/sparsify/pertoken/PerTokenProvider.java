package org.mixtureofmasks.sparsify.pertoken;

import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** The recipe's section {@code per_token}. */
public final class PerTokenProvider implements MethodProvider {
  static final String NAME = "per_token";

  static final Key<String> RULE =
      Key.choice(
          "per_token.rule",
          "oracle",
          TokenRule.WORDS,
          "what a token uses: its most important neurons (oracle), neurons with a large gate (cats),"
              + " or the inputs of each matrix that weigh most (wina)");
  static final Key<Double> TARGET =
      Key.number(
          "per_token.target",
          0.5,
          Kind.Range.above(0, 1),
          "share of the neurons, or of each matrix's inputs for wina",
          "what a token may use");
  static final Key<Integer> CALIBRATION_TOKENS =
      Key.integer(
          "per_token.calibration_tokens",
          24576,
          1,
          1 << 24,
          "tokens",
          "training tokens that the thresholds of cats are taken from; oracle and wina need none");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(
        new RecipeSection(
            "per_token",
            "References of quality: each token uses a part of the FFN of its own.",
            List.of(RULE, TARGET, CALIBRATION_TOKENS)));
  }

  /**
   * As the interface says.
   *
   * @throws UserError if the recipe trains, or names nothing to judge by: there would be no result
   */
  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    if (recipe.get(RunKeys.STEPS) > 0 || recipe.get(RunKeys.TOKENS) > 0) {
      throw UserError.usage(
          "the method per_token trains nothing, it only judges: give --steps 0 or train.steps: 0");
    }
    if (recipe.get(RunKeys.EVALUATE_ROWS).isEmpty()) {
      throw UserError.usage(
          "the method per_token only judges, and there is nothing to judge by: name files under"
              + " evaluate.rows");
    }
    return new PerToken(TokenRule.of(recipe.get(RULE), recipe.get(TARGET)));
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    return recipe.get(RULE).equals("cats") ? recipe.get(CALIBRATION_TOKENS) : 0;
  }

  @Override
  public boolean trainsWeights(Recipe recipe) {
    return false;
  }

  @Override
  public double target(Recipe recipe) {
    return recipe.get(TARGET);
  }
}
