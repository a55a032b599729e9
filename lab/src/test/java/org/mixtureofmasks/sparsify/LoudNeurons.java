package org.mixtureofmasks.sparsify;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;

/**
 * All that a new method takes: this class, its line in META-INF/services, its test ({@link
 * LoudNeuronsTest}). Two experts that share the neurons with the largest Σ |a_tj|; each has every
 * other one of the rest.
 */
public final class LoudNeurons implements MethodProvider {
  private static final RecipeSection.Builder KEYS =
      RecipeSection.named("loud_neurons", "A method for a test: the loudest neurons are shared.");

  private static final Key<Double> SHARED =
      KEYS.number(
          "shared", 0.25, Kind.Range.of(0, 1), "share of the neurons", "what both experts have");

  @Override
  public String name() {
    return "loud_neurons";
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(KEYS.build());
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    return 64;
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    return new Experts(recipe.get(SHARED));
  }

  private static final class Experts extends FixedExperts {
    private final double shared;

    Experts(double shared) {
      super(1e-2);
      this.shared = shared;
    }

    @Override
    public String name() {
      return "loud_neurons";
    }

    @Override
    public Preparation prepare(ModelConfig config) {
      return new Preparation.OfSums() {
        private final List<LayerStart> starts = new ArrayList<>();

        @Override
        public Sums empty(FfnWeights weights) {
          Sums sums = new Sums();
          sums.declare("loudness", torch.ScalarType.Float, config.intermediateSize());
          return sums;
        }

        @Override
        public void add(Tensor x, FfnWeights weights, Sums to) {
          to.get("loudness").add_(weights.activations(x).abs().sum(0));
        }

        @Override
        public void layer(int layer, Sums sums, FfnWeights weights) {
          long[] loudestFirst = Tensors.toLongs(sums.get("loudness").argsort(0, true));
          float[] router = new float[2 * config.hiddenSize()];
          router[layer] = 1; // scores of 0 would be a tie
          starts.add(
              new LayerStart(List.of(expert(0, loudestFirst), expert(1, loudestFirst)), router));
        }

        @Override
        public void finish() {
          begin(config, starts);
        }
      };
    }

    private Mask expert(int e, long[] loudestFirst) {
      boolean[] on = new boolean[loudestFirst.length];
      for (int i = 0; i < on.length; i++) {
        on[(int) loudestFirst[i]] = i < shared * on.length || i % 2 == e;
      }
      return Mask.of(on);
    }

    /** The expert of the larger score, by the gradient of p. */
    @Override
    protected Choice route(int layer, Tensor x, Tensor router) {
      Tensor p = torch.linear(x, router).softmax(1);
      Tensor chosen = p.detach().topk(1, 1, true, true).get1();
      Tensor one = torch.zeros_like(p.detach()).scatter_(1, chosen, new Scalar(1));
      return new Choice(p.add(one.sub(p).detach()));
    }

    @Override
    protected Routing routing() {
      return Routing.topK(1);
    }
  }
}
