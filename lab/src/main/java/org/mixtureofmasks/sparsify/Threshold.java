package org.mixtureofmasks.sparsify;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.Tensors;

/** Thresholds that a share of absolute values exceeds, and what is above one. */
public final class Threshold {
  /** Below every absolute value: all are kept. */
  public static final float ALL = -1;

  private Threshold() {}

  /**
   * The value that round(share · n) of n absolute values exceed, if no two are equal.
   *
   * @param values any shape
   * @param share of them, in [0, 1]
   * @return at least 0, or {@link #ALL}
   */
  public static float of(Tensor values, double share) {
    long n = values.numel();
    long below = n - Math.round(share * n);
    return below == 0 ? ALL : values.abs().reshape(n).kthvalue(below).get0().item_float();
  }

  /** 1 where an absolute value is above a threshold, else 0, in the values' type. */
  public static Tensor above(Tensor values, float threshold) {
    return Tensors.alone(
        () -> values.detach().abs().gt(new Scalar(threshold)).to(values.scalar_type()));
  }

  /**
   * 1 where an absolute value is among the round(share · n) largest of its row of n, else 0, in the
   * values' type; equal ones at the limit are all left out.
   *
   * @param values rows x n
   * @param share of each row, in [0, 1]
   */
  public static Tensor largest(Tensor values, double share) {
    Tensor sizes = values.detach().abs();
    long n = sizes.size(-1);
    long below = n - Math.round(share * n);
    if (below == 0) {
      return torch.ones_like(sizes);
    }
    Tensor limit = sizes.kthvalue(below, -1, true).get0();
    return sizes.gt(limit).to(values.scalar_type());
  }
}
