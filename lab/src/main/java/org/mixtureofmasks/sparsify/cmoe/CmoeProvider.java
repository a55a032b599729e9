package org.mixtureofmasks.sparsify.cmoe;

import java.util.List;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** The recipe's section {@code cmoe}. */
public final class CmoeProvider implements MethodProvider {
  static final String NAME = "cmoe";

  static final Key<Integer> EXPERTS =
      Key.integer(
          "cmoe.experts",
          16,
          1,
          1 << 16,
          "parts",
          "equal parts that each layer's neurons are cut into, N; divides intermediate_size");
  static final Key<Integer> SHARED =
      Key.integer(
          "cmoe.shared",
          4,
          0,
          1 << 16,
          "parts",
          "parts of N that every token uses, N_s: the most" + " often active neurons");
  static final Key<Integer> ACTIVE =
      Key.integer(
          "cmoe.active",
          4,
          1,
          1 << 16,
          "parts",
          "parts of N that the router adds for each token, N_a; a token uses (N_s + N_a) / N");
  static final Key<Integer> MARKS =
      Key.integer(
          "cmoe.marks",
          10,
          1,
          1 << 16,
          "neurons",
          "neurons that each calibration token marks as active, K_a");
  static final Key<Integer> CALIBRATION_TOKENS =
      Key.integer(
          "cmoe.calibration_tokens",
          16384,
          1,
          1 << 23,
          "tokens",
          "training tokens that the construction looks at (the source's 8 rows of 2048)");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(
        new RecipeSection(
            "cmoe",
            "CMoE: shared and routed experts from activation rates, an analytical router.",
            List.of(EXPERTS, SHARED, ACTIVE, MARKS, CALIBRATION_TOKENS)));
  }

  private static CmoeOptions options(Recipe recipe) {
    return new CmoeOptions(
        recipe.get(EXPERTS),
        recipe.get(SHARED),
        recipe.get(ACTIVE),
        recipe.get(MARKS),
        recipe.get(CALIBRATION_TOKENS));
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    CmoeOptions options = options(recipe);
    options.requireFits(config.intermediateSize());
    return new Cmoe(options);
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    return options(recipe).calibrationTokens();
  }

  @Override
  public double target(Recipe recipe) {
    return options(recipe).share();
  }
}
