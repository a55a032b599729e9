package org.mixtureofmasks.sparsify.pertoken;

import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.MethodKeys;

/**
 * The recipe's section {@code per_token}: each key declared once, and the value a recipe gives it.
 */
public final class PerTokenOptions {
  private static final RecipeSection.Builder KEYS =
      RecipeSection.named(
          "per_token", "References of quality: each token uses a part of the FFN of its own.");

  static final Key<Rule> RULE =
      KEYS.word(
          "rule",
          Rule.ORACLE,
          "what a token uses: its most important neurons (oracle), neurons with a large gate (cats),"
              + " or the inputs of each matrix that weigh most (wina)");
  static final Key<Double> TARGET =
      KEYS.number(
          "target",
          0.5,
          Kind.Range.above(0, 1),
          "share of the neurons, or of each matrix's inputs for wina",
          "what a token may use");
  static final Key<Integer> CALIBRATION_TOKENS =
      MethodKeys.calibrationTokens(
          KEYS,
          24576,
          1 << 24,
          "training tokens that the thresholds of cats are taken from; oracle and wina need none");

  private final Recipe recipe;

  PerTokenOptions(Recipe recipe) {
    this.recipe = recipe;
  }

  /** All keys. */
  static RecipeSection section() {
    return KEYS.build();
  }

  Rule rule() {
    return recipe.get(RULE);
  }

  double target() {
    return recipe.get(TARGET);
  }

  int calibrationTokens() {
    return recipe.get(CALIBRATION_TOKENS);
  }

  /** Which part a token uses. */
  enum Rule {
    /** Its most important neurons. */
    ORACLE,
    /** Neurons with a large gate. */
    CATS,
    /** The inputs of each matrix that weigh most. */
    WINA
  }
}
