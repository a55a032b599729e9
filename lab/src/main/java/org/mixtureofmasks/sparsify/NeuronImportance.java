package org.mixtureofmasks.sparsify;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.FfnWeights;

/**
 * How much a neuron matters to a token: s_tj = (a_tj ‖W_d[:,j]‖)², the squared length of what it
 * adds to the FFN's output.
 */
public final class NeuronImportance {
  private NeuronImportance() {}

  /**
   * @param activations a, tokens x intermediate_size, of any floating type
   * @param down W_d, hidden_size x intermediate_size, fp32
   * @return s, tokens x intermediate_size, fp32
   */
  public static Tensor of(Tensor activations, Tensor down) {
    Tensor a = activations.to(torch.ScalarType.Float);
    return a.mul(a).mul_(down.mul(down).sum(0).unsqueeze(0));
  }

  /**
   * Of every token, in passes that bound the activations' memory; the result takes 4 bytes for each
   * token and neuron.
   *
   * @param input the layer's input, tokens x hidden_size
   * @return s, tokens x intermediate_size, fp32
   */
  public static Tensor ofTokens(Tensor input, FfnWeights weights) {
    Tensor all =
        torch.empty(
            new long[] {input.size(0), weights.gate().size(0)},
            new TensorOptions(torch.ScalarType.Float),
            null);
    LayerByLayer.eachPass(
        input,
        (first, x) -> {
          Tensor s = of(weights.activations(x), weights.down());
          all.narrow(0, first, s.size(0)).copy_(s);
        });
    return all;
  }
}
