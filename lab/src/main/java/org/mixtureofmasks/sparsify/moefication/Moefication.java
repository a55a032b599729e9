package org.mixtureofmasks.sparsify.moefication;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.FfnInputs;
import org.mixtureofmasks.sparsify.FixedExperts;
import org.mixtureofmasks.sparsify.NeuronImportance;

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
  public Routing routing() {
    return Routing.unscaled(options.topK());
  }

  /** A layer's split and router in Java's memory, which outlives the scope it was made in. */
  private record Made(boolean[][] masks, float[] router) {}

  @Override
  protected List<LayerStart> start(DecoderModule model, long[][] calibration) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Made> made = new ArrayList<>();
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      List<Tensor> inputs = FfnInputs.of(model, calibration);
      for (int l = 0; l < inputs.size(); l++) {
        try (PointerScope _ = new PointerScope()) {
          made.add(layer(inputs.get(l), model.ffn(l), random.split()));
        }
        inputs.get(l).close();
      }
    }
    long width = model.config().hiddenSize();
    return made.stream()
        .map(m -> new LayerStart(m.masks(), Tensors.of(m.router(), options.experts(), width)))
        .toList();
  }

  private Made layer(Tensor input, FfnWeights weights, SplittableRandom random) {
    Tensor importance = NeuronImportance.ofTokens(input, weights);
    int[] expertOf = NeuronSplit.of(options, weights, importance, random);
    Tensor x = input.to(torch.ScalarType.Float);
    Tensor router = ExpertPredictor.fit(x, importance, expertOf, options.experts());
    return new Made(NeuronSplit.masks(expertOf, options.experts()), Tensors.toFloats(router));
  }

  /** Weight 1 for the k largest scores; with the gradient of sigmoid(r_e) for every expert. */
  @Override
  protected Choice route(int layer, Tensor x, Tensor router) {
    Tensor r = torch.linear(x, router);
    Tensor chosen = r.detach().topk(options.topK(), 1, true, true).get1();
    Tensor ones = torch.zeros_like(r.detach()).scatter_(1, chosen, new Scalar(1));
    if (!options.straightThrough()) {
      return new Choice(ones, null);
    }
    Tensor gate = r.sigmoid();
    return new Choice(gate.add(ones.sub(gate).detach()), null);
  }
}
