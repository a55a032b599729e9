package org.mixtureofmasks.sparsify.cmoe;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;

/**
 * Which neurons the calibration tokens mark (CMoE's ATopK). All that the construction needs of the
 * marks is how often two neurons are marked by the same token: the L1 distance of two binary
 * columns is n_a + n_b - 2 n_ab. So the tokens x neurons matrix never exists.
 */
final class NeuronMarks {
  /** Tokens whose activations exist at once. */
  private static final int TOKENS_PER_PASS = 2048;

  private NeuronMarks() {}

  /**
   * Each token marks the neurons with the largest |h|, h = SiLU(x̂·ĝ) (x̂·û), where x̂, ĝ and û are
   * the token's FFN input and the neuron's rows, L2-normalised.
   *
   * @param input tokens x hidden_size, at most 2^24 tokens (counts are kept in fp32)
   * @param perToken neurons that a token marks, K_a
   * @return tokens that mark both neurons, intermediate_size squared, row-major; the diagonal holds
   *     each neuron's own marks
   */
  static float[] together(Tensor input, FfnWeights weights, int perToken) {
    long neurons = weights.gate().size(0);
    try (PointerScope _ = new PointerScope()) {
      Tensor gate = unit(weights.gate().detach()).t();
      Tensor up = unit(weights.up().detach()).t();
      Tensor together = torch.zeros(neurons, neurons);
      for (long at = 0; at < input.size(0); at += TOKENS_PER_PASS) {
        try (PointerScope _ = new PointerScope()) {
          long n = Math.min(TOKENS_PER_PASS, input.size(0) - at);
          Tensor x = unit(input.narrow(0, at, n).to(torch.ScalarType.Float));
          Tensor h = torch.silu(x.matmul(gate)).mul(x.matmul(up)).abs();
          Tensor marked = h.topk(perToken, 1, true, true).get1();
          Tensor marks = torch.zeros_like(h).scatter_(1, marked, new Scalar(1));
          together.add_(marks.t().matmul(marks));
        }
      }
      return Tensors.toFloats(together);
    }
  }

  /** Rows of length 1; a row of zeros stays. */
  static Tensor unit(Tensor rows) {
    Tensor norm = rows.mul(rows).sum(1).unsqueeze(1).sqrt();
    return rows.div(norm.clamp_min(new Scalar(1e-12)));
  }
}
