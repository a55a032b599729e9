package org.mixtureofmasks.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.ModelConfig;

/**
 * Rotary position embedding in split-half order (Hugging Face's): dimension i of a head turns
 * together with dimension i + head_dim / 2.
 *
 * @param cos positions x head_dim, fp32
 * @param sin positions x head_dim, fp32, its first half negated
 */
record Rotary(Tensor cos, Tensor sin) {
  static Rotary of(ModelConfig config, int positions) {
    int width = config.headDim();
    int half = width / 2;
    float[] cos = new float[positions * width];
    float[] sin = new float[positions * width];
    for (int i = 0; i < half; i++) {
      double frequency =
          scaled(Math.pow(config.rope().theta(), -2.0 * i / width), config.rope().scaling());
      for (int p = 0; p < positions; p++) {
        double angle = p * frequency;
        int low = p * width + i;
        cos[low] = (float) Math.cos(angle);
        cos[low + half] = cos[low];
        sin[low] = (float) -Math.sin(angle);
        sin[low + half] = (float) Math.sin(angle);
      }
    }
    return new Rotary(Tensors.of(cos, positions, width), Tensors.of(sin, positions, width));
  }

  /** Turns batch x heads x length x head_dim (positions 0 .. length-1). */
  Tensor turn(Tensor x) {
    long half = x.size(3) / 2;
    Tensor swapped = torch.cat(new TensorVector(x.narrow(3, half, half), x.narrow(3, 0, half)), 3);
    long length = x.size(2);
    return x.mul(cos.narrow(0, 0, length)).add(swapped.mul(sin.narrow(0, 0, length)));
  }

  /** The frequency after the scaling that a longer context asks for, in radians per position. */
  static double scaled(double frequency, ModelConfig.Scaling scaling) {
    return switch (scaling) {
      case ModelConfig.Scaling.None() -> frequency;
      case ModelConfig.Scaling.Linear(double factor) -> frequency / factor;
      case ModelConfig.Scaling.Llama3(
              double factor,
              double lowFactor,
              double highFactor,
              double original) -> {
        // Wavelengths that fit often into the original context stay; long ones are stretched; in
        // between, a blend (Llama 3.1's rule).
        double fits = original * frequency / (2 * Math.PI);
        double keep = Math.clamp((fits - lowFactor) / (highFactor - lowFactor), 0.0, 1.0);
        yield keep * frequency + (1 - keep) * frequency / factor;
      }
      case ModelConfig.Scaling.Factors _ ->
          throw new IllegalStateException("only GGUF has factors, and training reads none");
    };
  }
}
