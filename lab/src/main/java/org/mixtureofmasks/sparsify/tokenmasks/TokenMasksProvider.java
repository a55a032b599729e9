package org.mixtureofmasks.sparsify.tokenmasks;

import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ShippedThresholds;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** Makes the method from the recipe's section {@code token_masks}. */
public final class TokenMasksProvider implements MethodProvider {
  @Override
  public String name() {
    return "token_masks";
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(TokenMasksOptions.section());
  }

  @Override
  public void check(Recipe recipe) {
    TokenMasksOptions options = new TokenMasksOptions(recipe);
    if (options.split() != TokenMasksOptions.Split.UNIFORM) {
      if (recipe.given(TokenMasksOptions.INPUTS)) {
        throw UserError.usage(
            "token_masks.inputs is for token_masks.split uniform; by_loss finds each layer's own");
      }
      return;
    }
    options.requireNeurons(
        TokenChoice.by(options.choice()).neurons(options.target(), options.inputs()));
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    TokenMasksOptions options = new TokenMasksOptions(recipe);
    TokenChoice choice = TokenChoice.by(options.choice());
    choice.require(config);
    return new TokenMasks(options, choice);
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    return new TokenMasksOptions(recipe).calibrationTokens();
  }

  @Override
  public long heldBytes(Recipe recipe, ModelConfig config) {
    return byPreview(recipe) ? ByPreview.bytes(config) : 0;
  }

  @Override
  public long choiceBytes(Recipe recipe, ModelConfig config) {
    return TokenChoice.by(new TokenMasksOptions(recipe).choice()).tokenBytes(config);
  }

  @Override
  public double distillation(Recipe recipe) {
    return new TokenMasksOptions(recipe).distillation();
  }

  @Override
  public boolean trainsWeights(Recipe recipe) {
    return new TokenMasksOptions(recipe).trainsWeights();
  }

  @Override
  public double target(Recipe recipe) {
    return new TokenMasksOptions(recipe).target();
  }

  @Override
  public boolean targetIsAllIn(Recipe recipe) {
    return byPreview(recipe);
  }

  private static boolean byPreview(Recipe recipe) {
    return new TokenMasksOptions(recipe).choice() == ShippedThresholds.Choice.PREVIEW;
  }
}
