package org.mixtureofmasks.format;

/**
 * Cosines and sines of rotary position embeddings (Su et al. 2021, RoFormer, Eq. 34), the same bits
 * for the engine and for the trainer.
 *
 * <p>Rounded as transformers does: the frequency and the angle are floats there, and models were
 * trained with that. Immutable.
 */
public final class Rotary {
  private final float[] frequencies; // head_dim / 2, radians a position

  Rotary(double[] frequencies) {
    this.frequencies = new float[frequencies.length];
    for (int i = 0; i < frequencies.length; i++) {
      this.frequencies[i] = (float) frequencies[i];
    }
  }

  /**
   * {@return the table of a model, scaled as its configuration says}
   *
   * @param config of the model
   */
  public static Rotary of(ModelConfig config) {
    ModelConfig.Rope rope = config.rope();
    return new Rotary(frequencies(rope.theta(), rope.scaling(), config.headDim()));
  }

  /** {@return pairs (i, i + head_dim / 2) of a head that turn together: head_dim / 2} */
  public int pairs() {
    return frequencies.length;
  }

  /**
   * Cosines and sines of one position.
   *
   * @param position from 0
   * @param cos gets one value a pair, from {@code offset} on
   * @param sin likewise
   * @param offset place of the first pair's values in both arrays
   */
  public void angles(int position, float[] cos, float[] sin, int offset) {
    for (int i = 0; i < frequencies.length; i++) {
      float angle = position * frequencies[i];
      cos[offset + i] = (float) Math.cos(angle);
      sin[offset + i] = (float) Math.sin(angle);
    }
  }

  /**
   * The frequency of each pair (i, i + head_dim / 2) of a head, in radians a position.
   *
   * @param theta base of the frequencies
   * @param scaling how they are changed for longer contexts
   * @param headDim width of a head, even
   * @return head_dim / 2 frequencies
   */
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
}
