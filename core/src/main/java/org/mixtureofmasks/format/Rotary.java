package org.mixtureofmasks.format;

/** Frequencies and angles of rotary position embeddings. */
public final class Rotary {
  private Rotary() {}

  /** The frequency of each pair (i, i + head_dim / 2) of a head, in radians a position. */
  public static double[] frequencies(double theta, ModelConfig.Scaling scaling, int headDim) {
    double[] out = new double[headDim / 2];
    for (int i = 0; i < out.length; i++) {
      double plain = Math.pow(theta, -2.0 * i / headDim);
      out[i] =
          switch (scaling) {
            case ModelConfig.Scaling.None _ -> plain;
            case ModelConfig.Scaling.Linear linear -> plain / linear.factor();
            case ModelConfig.Scaling.Llama3 s -> llama3(plain, s);
            case ModelConfig.Scaling.Factors factors -> plain / factors.divisors().get(i);
          };
    }
    return out;
  }

  /**
   * Llama 3.1: wave lengths beyond original / low are stretched by factor, those below original /
   * high are left alone, between them the two are blended.
   */
  private static double llama3(double plain, ModelConfig.Scaling.Llama3 s) {
    double waves = s.originalMaxPositions() * plain / (2 * Math.PI); // in the original context
    if (waves > s.highFreqFactor()) {
      return plain;
    }
    if (waves < s.lowFreqFactor()) {
      return plain / s.factor();
    }
    double smooth = (waves - s.lowFreqFactor()) / (s.highFreqFactor() - s.lowFreqFactor());
    return (1 - smooth) * plain / s.factor() + smooth * plain;
  }

  /**
   * Cosines and sines of one position, rounded as transformers does: the frequency and the angle
   * are floats there, and models were trained with that.
   */
  public static void angles(
      double[] frequencies, int position, float[] cos, float[] sin, int offset) {
    for (int i = 0; i < frequencies.length; i++) {
      float angle = position * (float) frequencies[i];
      cos[offset + i] = (float) Math.cos(angle);
      sin[offset + i] = (float) Math.sin(angle);
    }
  }
}
