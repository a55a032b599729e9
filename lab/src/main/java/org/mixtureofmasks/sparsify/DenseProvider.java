package org.mixtureofmasks.sparsify;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;

/**
 * The dense model, trained on as it is: the honest upper bound of every method that was given the
 * same tokens.
 */
public final class DenseProvider implements MethodProvider {
  @Override
  public String name() {
    return "dense";
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of();
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    return new Dense();
  }

  private static final class Dense implements Method {
    @Override
    public String name() {
      return "dense";
    }

    @Override
    public Preparation prepare(ModelConfig config) {
      return Preparation.ofNothing(() -> {}); // a dense model starts as it is
    }

    @Override
    public FeedForward feedForward() {
      return (layer, x, weights) -> weights.dense(x);
    }

    @Override
    public boolean passesAtOnce() {
      return true;
    }

    @Override
    public void restore(ModelConfig config, Map<String, Tensor> saved) {
      // There is no state.
    }
  }
}
