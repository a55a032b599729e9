package org.mixtureofmasks.sparsify.pruning;

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
import org.mixtureofmasks.sparsify.FixedExperts;
import org.mixtureofmasks.sparsify.NeuronImportance;
import org.mixtureofmasks.sparsify.Preparation;
import org.mixtureofmasks.sparsify.Sums;

/**
 * Static pruning: in each layer the neurons of the largest mean importance stay for every token.
 * One expert, whose router is a row of zeros that nothing reads and nothing trains.
 */
public final class Pruning extends FixedExperts {
  private static final String IMPORTANCE = "importance";
  private static final String TOKENS = "tokens";

  private final double target;

  /**
   * @param target share of each layer's neurons that stays, in (0, 1]
   */
  public Pruning(double target) {
    super(0);
    this.target = target;
  }

  @Override
  public String name() {
    return PruningProvider.NAME;
  }

  @Override
  protected Routing routing() {
    return Routing.topK(1);
  }

  @Override
  public Preparation prepare(ModelConfig config) {
    return new Preparation.OfSums() {
      private final List<LayerStart> starts = new ArrayList<>();

      @Override
      public Sums empty(FfnWeights weights) {
        Sums sums = new Sums();
        sums.declare(IMPORTANCE, torch.ScalarType.Float, weights.gate().size(0));
        sums.declareNumber(TOKENS);
        return sums;
      }

      @Override
      public void add(Tensor x, FfnWeights weights, Sums to) {
        Tensor s = NeuronImportance.of(weights.activations(x), weights.down());
        to.get(IMPORTANCE).add_(s.sum(0));
        to.add(TOKENS, (double) x.size(0));
      }

      @Override
      public void layer(int layer, Sums sums, FfnWeights weights) {
        Tensor mean = sums.get(IMPORTANCE).div(new Scalar(sums.number(TOKENS)));
        starts.add(new LayerStart(List.of(mask(mean)), new float[config.hiddenSize()]));
      }

      @Override
      public void finish() {
        begin(config, starts);
      }
    };
  }

  /** The round(target · m) neurons of the largest importance, fp32 [m]. */
  private Mask mask(Tensor importance) {
    boolean[] on = new boolean[(int) importance.size(0)];
    long kept = Math.round(target * on.length);
    for (long j : Tensors.toLongs(importance.topk(kept, 0, true, true).get1())) {
      on[(int) j] = true;
    }
    return Mask.of(on);
  }

  @Override
  protected Choice route(int layer, Tensor x, Tensor router) {
    return new Choice(torch.ones(x.size(0), 1));
  }
}
