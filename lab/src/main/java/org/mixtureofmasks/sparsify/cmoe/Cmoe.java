package org.mixtureofmasks.sparsify.cmoe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.FixedExperts;
import org.mixtureofmasks.sparsify.Preparation;
import org.mixtureofmasks.sparsify.Sums;

/**
 * CMoE: neurons that are active most often are shared by all tokens, the others are grouped by when
 * they are active, and a token's experts are those whose representative neuron answers it most
 * strongly. Nothing is trained; steps after that train the weights alone.
 */
public final class Cmoe extends FixedExperts {
  private final CmoeOptions options;

  /** A method that has not been prepared yet. */
  public Cmoe(CmoeOptions options) {
    super(0); // the router stands for neurons of the dense model, it has nothing to learn by
    this.options = options;
  }

  @Override
  public String name() {
    return CmoeProvider.NAME;
  }

  @Override
  public Preparation prepare(ModelConfig config) {
    int neurons = config.intermediateSize();
    return new Preparation.OfSums() {
      private final List<LayerStart> starts = new ArrayList<>();

      @Override
      public Sums empty(FfnWeights weights) {
        return NeuronMarks.none(neurons);
      }

      @Override
      public void add(Tensor x, FfnWeights weights, Sums to) {
        NeuronMarks.add(x, weights, options.marks(), to);
      }

      @Override
      public void layer(int layer, Sums sums, FfnWeights weights) {
        float[] together = NeuronMarks.together(sums);
        NeuronGroups groups =
            NeuronGroups.of(together, neurons, options.experts(), options.shared());
        starts.add(
            new LayerStart(
                groups.masks(neurons),
                Tensors.toFloats(router(weights, groups.representatives()))));
      }

      @Override
      public void finish() {
        begin(config, starts);
      }
    };
  }

  /** The representatives' rows of length 1, all gates before all ups: 2 N_r x hidden_size. */
  private static Tensor router(FfnWeights weights, int[] representatives) {
    long[] rows = Arrays.stream(representatives).asLongStream().toArray();
    Tensor at = Tensors.of(rows, rows.length);
    return torch.cat(
        new TensorVector(
            NeuronMarks.unit(weights.gate().detach().index_select(0, at)),
            NeuronMarks.unit(weights.up().detach().index_select(0, at))));
  }

  /**
   * The source's softmax is left out, since it changes no order; its factor is 1 + score · u with u
   * = 0 until it is tuned.
   */
  @Override
  protected Choice route(int layer, Tensor x, Tensor router) {
    try (NoGradGuard _ = new NoGradGuard()) {
      Tensor answers = torch.linear(x, router);
      Tensor gate = answers.narrow(1, 0, options.routed());
      Tensor up = answers.narrow(1, options.routed(), options.routed());
      Tensor score = torch.silu(gate).mul(up).abs();
      Tensor chosen = score.topk(options.active(), 1, true, true).get1();
      return new Choice(torch.zeros_like(score).scatter_(1, chosen, new Scalar(1)));
    }
  }

  @Override
  protected Routing routing() {
    return new Routing(
        Routing.Score.SWIGLU, Routing.Select.TOP_K, options.active(), 0, Routing.Weights.ONES);
  }
}
