package org.mixtureofmasks.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Number format of the operands of matrix products; everything else is fp32. */
public enum Precision {
  FP32(torch.ScalarType.Float),
  BF16(torch.ScalarType.BFloat16);

  private final torch.ScalarType type;

  Precision(torch.ScalarType type) {
    this.type = type;
  }

  /** The tensor in this format (itself when it already is). */
  public Tensor cast(Tensor t) {
    return t.scalar_type().intern() == type ? t : t.to(type);
  }

  /** x W^T with both operands in this format; the result has it too. */
  public Tensor linear(Tensor x, Tensor weight) {
    return torch.linear(cast(x), cast(weight));
  }
}
