package org.mixtureofmasks.sparsify;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.model.LlamaConfig;
import org.mixtureofmasks.model.Routing;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.LlamaModule;
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
  public Method create(Recipe recipe, LlamaConfig config) {
    return new Dense();
  }

  private static final class Dense implements Method {
    @Override
    public String name() {
      return "dense";
    }

    @Override
    public void prepare(LlamaModule model, long[][] calibration) {
      // A dense model starts as it is.
    }

    @Override
    public List<ParameterGroup> parameterGroups() {
      return List.of();
    }

    @Override
    public FeedForward feedForward() {
      return (layer, x, weights) -> weights.dense(x);
    }

    @Override
    public void beginStep(int step, int steps) {
      // Nothing is scheduled.
    }

    @Override
    public void beginMicroBatch() {
      // Nothing is drawn.
    }

    @Override
    public Tensor extraLoss() {
      return null;
    }

    @Override
    public void endStep(int step, int steps) {
      // Nothing changes.
    }

    @Override
    public Map<String, Object> metrics() {
      return Map.of();
    }

    @Override
    public Map<String, Tensor> state() {
      return Map.of();
    }

    @Override
    public void restore(LlamaModule model, Map<String, Tensor> saved) {
      // There is no state.
    }

    @Override
    public boolean[][][] hardMasks() {
      return new boolean[0][][];
    }

    @Override
    public List<Tensor> routers() {
      return List.of();
    }

    @Override
    public Routing routing() {
      return null;
    }
  }
}
