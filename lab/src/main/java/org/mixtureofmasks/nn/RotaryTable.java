package org.mixtureofmasks.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Rotary;

/**
 * The engine's rotary position embedding as tensors, in split-half order (Hugging Face's):
 * dimension i of a head turns together with dimension i + head_dim / 2. Lives beyond the
 * PointerScope that it was made in, as long as somebody holds it.
 *
 * @param cos positions x head_dim, fp32
 * @param sin positions x head_dim, fp32, its first half negated
 */
record RotaryTable(Tensor cos, Tensor sin) {
  RotaryTable {
    cos.retainReference();
    sin.retainReference();
  }

  /** The table of so many positions from 0 on, at least one. */
  static RotaryTable of(ModelConfig config, int positions) {
    Rotary rotary = Rotary.of(config);
    int half = rotary.pairs();
    int width = 2 * half;
    float[] cos = new float[Math.multiplyExact(positions, width)];
    float[] sin = new float[cos.length];
    for (int p = 0; p < positions; p++) {
      int low = p * width;
      rotary.angles(p, cos, sin, low);
      for (int i = low; i < low + half; i++) {
        cos[i + half] = cos[i];
        sin[i + half] = sin[i];
        sin[i] = -sin[i];
      }
    }
    return new RotaryTable(Tensors.of(cos, positions, width), Tensors.of(sin, positions, width));
  }

  /** How many positions it has. */
  long positions() {
    return cos.size(0);
  }

  /** Turns batch x heads x length x head_dim (positions 0 .. length-1). */
  Tensor turn(Tensor x) {
    long half = x.size(3) / 2;
    Tensor swapped = torch.cat(new TensorVector(x.narrow(3, half, half), x.narrow(3, 0, half)), 3);
    long length = x.size(2);
    return x.mul(cos.narrow(0, 0, length)).add(swapped.mul(sin.narrow(0, 0, length)));
  }
}
