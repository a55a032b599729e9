package org.mixtureofmasks.sparsify.pertoken;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Keeps a share of each row. */
final class Largest {
  private Largest() {}

  /** How many of a width are kept: the rounded share, at least one. */
  static long count(double share, long width) {
    return Math.max(1, Math.round(share * width));
  }

  /**
   * @param scores tokens x width
   * @return 1 for the {@link #count} largest of each row, 0 for the rest; in the scores' type
   */
  static Tensor mask(Tensor scores, double share) {
    Tensor top = scores.topk(count(share, scores.size(1)), 1, true, false).get1();
    return torch.zeros_like(scores).scatter_(1, top, new Scalar(1));
  }
}
