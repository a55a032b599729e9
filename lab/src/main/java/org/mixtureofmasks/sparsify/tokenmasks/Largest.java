package org.mixtureofmasks.sparsify.tokenmasks;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Thresholds that a share of values exceeds, and what is above one. */
final class Largest {
  /** Below every absolute value: all are kept. */
  static final float ALL = -1;

  private Largest() {}

  /**
   * The value that a share of absolute values exceeds, but for those that are equal to it.
   *
   * @param values any shape
   * @param share of them, in [0, 1]
   */
  static float threshold(Tensor values, double share) {
    long n = values.numel();
    long left = n - Math.round(share * n);
    if (left == 0) {
      return ALL;
    }
    return values.abs().reshape(n).kthvalue(left).get0().item_float();
  }

  /** 1 where an absolute value is above a threshold, else 0, in the values' type. */
  static Tensor above(Tensor values, float threshold) {
    return values.detach().abs().gt(new Scalar(threshold)).to(values.scalar_type());
  }
}
