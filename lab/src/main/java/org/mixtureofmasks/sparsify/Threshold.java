package org.mixtureofmasks.sparsify;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

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
    return values.detach().abs().gt(new Scalar(threshold)).to(values.scalar_type());
  }
}
