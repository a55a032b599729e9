package org.mixtureofmasks.sparsify;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.FfnWeights;

/**
 * How much a neuron matters to a token: s_tj = (a_tj ‖W_d[:,j]‖)², the squared length of what it
 * adds to the FFN's output.
 */
public final class NeuronImportance {
  /** Tokens whose activations exist at once. */
  private static final int TOKENS_PER_PASS = 2048;

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
    eachPass(input, weights, (at, s) -> all.narrow(0, at, s.size(0)).copy_(s));
    return all;
  }

  /**
   * The mean over tokens.
   *
   * @param input the layer's input, tokens x hidden_size, at least one token
   * @return fp32 [intermediate_size]
   */
  public static Tensor mean(Tensor input, FfnWeights weights) {
    Tensor sum = torch.zeros(weights.gate().size(0));
    eachPass(input, weights, (_, s) -> sum.add_(s.sum(0)));
    return sum.div_(new Scalar((double) input.size(0)));
  }

  /** Takes the importance of some tokens. */
  private interface Pass {
    void take(long firstToken, Tensor importance);
  }

  private static void eachPass(Tensor input, FfnWeights weights, Pass pass) {
    for (long at = 0; at < input.size(0); at += TOKENS_PER_PASS) {
      try (PointerScope _ = new PointerScope()) {
        Tensor x = input.narrow(0, at, Math.min(TOKENS_PER_PASS, input.size(0) - at));
        pass.take(at, of(weights.activations(x), weights.down()));
      }
    }
  }
}
