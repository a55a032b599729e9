package org.mixtureofmasks.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The three projections of one layer's FFN: fp32 masters and the products that use them in the
 * run's precision.
 *
 * @param gate intermediate_size x hidden_size, fp32 master
 * @param up intermediate_size x hidden_size, fp32 master
 * @param down hidden_size x intermediate_size, fp32 master
 * @param precision in which matrix products are computed
 */
public record FfnWeights(Tensor gate, Tensor up, Tensor down, Precision precision) {
  /** SiLU(x W_g^T) ⊙ (x W_u^T): tokens x intermediate_size, in the precision of the products. */
  public Tensor activations(Tensor x) {
    Tensor cast = precision.cast(x);
    return torch.silu(precision.linear(cast, gate)).mul(precision.linear(cast, up));
  }

  /** a W_d^T: tokens x hidden_size, fp32. */
  public Tensor project(Tensor activations) {
    return precision.linear(activations, down).to(torch.ScalarType.Float);
  }

  /** The dense FFN, y = (SiLU(x W_g^T) ⊙ (x W_u^T)) W_d^T (paper Eq. 2). */
  public Tensor dense(Tensor x) {
    return project(activations(x));
  }
}
