package org.mixtureofmasks.sparsify.cmoe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.FfnInputs;
import org.mixtureofmasks.sparsify.FixedExperts;

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
  protected List<LayerStart> start(DecoderModule model, long[][] calibration) {
    int neurons = model.config().intermediateSize();
    List<NeuronGroups> groups = new ArrayList<>();
    List<float[]> routers = new ArrayList<>();
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      List<Tensor> inputs = FfnInputs.of(model, calibration);
      for (int l = 0; l < inputs.size(); l++) {
        float[] together = NeuronMarks.together(inputs.get(l), model.ffn(l), options.marks());
        groups.add(NeuronGroups.of(together, neurons, options.experts(), options.shared()));
        routers.add(Tensors.toFloats(router(model.ffn(l), groups.getLast().representatives())));
        inputs.get(l).close();
      }
    }
    List<LayerStart> starts = new ArrayList<>();
    for (int l = 0; l < groups.size(); l++) {
      starts.add(
          new LayerStart(
              groups.get(l).masks(neurons),
              Tensors.of(routers.get(l), 2L * options.routed(), model.config().hiddenSize())));
    }
    return starts;
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
      return new Choice(torch.zeros_like(score).scatter_(1, chosen, new Scalar(1)), null);
    }
  }

  @Override
  public Routing routing() {
    return new Routing(
        Routing.Score.SWIGLU, Routing.Select.TOP_K, options.active(), 0, Routing.Weights.ONES);
  }
}
