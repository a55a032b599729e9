package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;

/**
 * Masks by what they do to the FFN's output. Importance counts each neuron alone; the mean squared
 * error of a mask also has the products of the neurons that it drops together:
 *
 * <pre>mean over the mask's tokens of ‖Σ_{j dropped} a_j W_d[:,j]‖² = u^T Q u
 * Q = mean(a a^T) ⊙ W_d^T W_d,  u_j = 1 where j is dropped</pre>
 *
 * <p>Q's diagonal is the mean importance. {@link #improve} exchanges a kept and a dropped gate as
 * long as that lowers the error: what is dropped then cancels instead of adding up.
 */
final class OutputError {
  private final FfnWeights weights;
  private final int block;

  /** W_d^T W_d, neurons x neurons, fp32. */
  private final Tensor gram;

  /**
   * @param block neurons of a gate
   */
  OutputError(FfnWeights weights, int block) {
    this.weights = weights;
    this.block = block;
    this.gram = weights.down().t().matmul(weights.down());
  }

  /**
   * Exchanges gates of each mask by the tokens that the router sends to it. A mask without tokens
   * stays.
   *
   * @param ranking experts x gates; each mask keeps its largest
   * @param gatesOn gates that each mask keeps
   * @param x the layer's input, tokens x hidden_size
   * @param chosen the mask of each token, int64 [tokens]
   * @return the ranking with the values of exchanged gates exchanged
   */
  Tensor improve(Tensor ranking, int gatesOn, Tensor x, Tensor chosen) {
    int gates = (int) ranking.size(1);
    float[] flat = Tensors.toFloats(ranking);
    float[] row = new float[gates];
    for (int e = 0; e < ranking.size(0); e++) {
      try (PointerScope _ = new PointerScope()) {
        Tensor tokens = chosen.eq(new Scalar(e)).nonzero().select(1, 0);
        if (tokens.size(0) == 0) {
          continue;
        }
        System.arraycopy(flat, e * gates, row, 0, gates);
        float[] q = Tensors.toFloats(products(x.index_select(0, tokens)));
        GateExchange.improve(row, gatesOn, q);
        System.arraycopy(row, 0, flat, e * gates, gates);
      }
    }
    return Tensors.of(flat, ranking.size(0), gates);
  }

  /** Q, summed over blocks: gates x gates, fp32. */
  Tensor products(Tensor x) {
    Tensor a = weights.activations(x).to(torch.ScalarType.Float);
    Tensor q = a.t().matmul(a).mul_(gram).div_(new Scalar((double) x.size(0)));
    if (block == 1) {
      return q;
    }
    long gates = q.size(0) / block;
    return q.view(gates, block, gates, block).sum(3).sum(1);
  }

  /** The most probable mask of each token, int64 [tokens]. */
  static Tensor choices(Tensor x, Tensor router) {
    return x.matmul(router.t()).argmax(new LongOptional(1), false);
  }
}
