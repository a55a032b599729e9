package org.mixtureofmasks.sparsify.cmoe;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.Sums;

/**
 * Which neurons the calibration tokens mark (CMoE's ATopK). All that the construction needs of the
 * marks is how often two neurons are marked by the same token: the L1 distance of two binary
 * columns is n_a + n_b - 2 n_ab. So the tokens x neurons matrix never exists.
 */
final class NeuronMarks {
  private static final String TOGETHER = "together";

  private NeuronMarks() {}

  /** The counts of no token: neurons x neurons, fp32, exact up to 2^24 tokens. */
  static Sums none(long neurons) {
    Sums sums = new Sums();
    sums.declare(TOGETHER, torch.ScalarType.Float, neurons, neurons);
    return sums;
  }

  /**
   * Each token marks the neurons with the largest |h|, h = SiLU(x̂·ĝ) (x̂·û), where x̂, ĝ and û are
   * the token's FFN input and the neuron's rows, L2-normalised.
   *
   * @param input tokens x hidden_size
   * @param perToken neurons that a token marks, K_a
   */
  static void add(Tensor input, FfnWeights weights, int perToken, Sums to) {
    Tensor gate = unit(weights.gate().detach()).t();
    Tensor up = unit(weights.up().detach()).t();
    Tensor x = unit(input.to(torch.ScalarType.Float));
    Tensor h = torch.silu(x.matmul(gate)).mul(x.matmul(up)).abs();
    Tensor marked = h.topk(perToken, 1, true, true).get1();
    Tensor marks = torch.zeros_like(h).scatter_(1, marked, new Scalar(1));
    to.get(TOGETHER).add_(marks.t().matmul(marks));
  }

  /**
   * Tokens that mark both neurons, intermediate_size squared, row-major; the diagonal holds each
   * neuron's own marks.
   */
  static float[] together(Sums counts) {
    return Tensors.toFloats(counts.get(TOGETHER));
  }

  /** Rows of length 1; a row of zeros stays. */
  static Tensor unit(Tensor rows) {
    Tensor norm = rows.mul(rows).sum(1).unsqueeze(1).sqrt();
    return rows.div(norm.clamp_min(new Scalar(1e-12)));
  }
}
