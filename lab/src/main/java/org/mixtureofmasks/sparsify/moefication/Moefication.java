package org.mixtureofmasks.sparsify.moefication;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.FixedExperts;
import org.mixtureofmasks.sparsify.NeuronImportance;
import org.mixtureofmasks.sparsify.Preparation;

/**
 * MoEfication (Zhang et al. 2022): the FFN's neurons in E equal parts, of which a token uses the k
 * that a linear router predicts to be the most active, unscaled.
 */
public final class Moefication extends FixedExperts {
  private final MoeficationOptions options;
  private final long seed;

  /**
   * @param weightsLr peak learning rate of the model's weights; the router's is a multiple of it
   * @param seed of the split
   */
  public Moefication(MoeficationOptions options, double weightsLr, long seed) {
    // Without the straight-through gradient nothing moves the router.
    super(options.straightThrough() ? weightsLr * options.routerLrFactor() : 0);
    this.options = options;
    this.seed = seed;
  }

  @Override
  public String name() {
    return MoeficationProvider.NAME;
  }

  @Override
  protected Routing routing() {
    return Routing.unscaled(options.topK());
  }

  @Override
  public Preparation prepare(ModelConfig config) {
    SplittableRandom random = new SplittableRandom(seed);
    return new Preparation.OfTokens() { // the router is fitted to them
      private final List<LayerStart> starts = new ArrayList<>();

      @Override
      public void layer(int layer, Tensor x, FfnWeights weights) {
        starts.add(start(x, weights, random.split()));
      }

      @Override
      public void finish() {
        begin(config, starts);
      }
    };
  }

  private LayerStart start(Tensor input, FfnWeights weights, SplittableRandom random) {
    Tensor importance = NeuronImportance.ofTokens(input, weights);
    int[] expertOf = NeuronSplit.of(options, weights, importance, random);
    Tensor x = input.to(torch.ScalarType.Float);
    Tensor router = ExpertPredictor.fit(x, importance, expertOf, options.experts());
    return new LayerStart(NeuronSplit.masks(expertOf, options.experts()), Tensors.toFloats(router));
  }

  /** Weight 1 for the k largest scores; with the gradient of sigmoid(r_e) for every expert. */
  @Override
  protected Choice route(int layer, Tensor x, Tensor router) {
    Tensor r = torch.linear(x, router);
    Tensor chosen = r.detach().topk(options.topK(), 1, true, true).get1();
    Tensor ones = torch.zeros_like(r.detach()).scatter_(1, chosen, new Scalar(1));
    if (!options.straightThrough()) {
      return new Choice(ones);
    }
    Tensor gate = r.sigmoid();
    return new Choice(gate.add(ones.sub(gate).detach()));
  }
}
