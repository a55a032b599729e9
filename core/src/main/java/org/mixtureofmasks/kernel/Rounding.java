package org.mixtureofmasks.kernel;

/**
 * Rounds weights to whole multiples q of a scale, for {@link Int8} and {@link Q4}. Scales are
 * rounded before the weights are, to numbers that bfloat16 holds (and half floats too, those of
 * Q4): so a folder may store them in 16 bits, and products scale q are exact floats. Weights must
 * be finite.
 */
public final class Rounding {
  /** The largest |q| of int8. */
  public static final int INT8_MOST = 127;

  /** The smallest q of 4 bits; the largest is one less in magnitude. */
  public static final int Q4_LEAST = -8;

  /** The largest q of 4 bits. */
  public static final int Q4_MOST = 7;

  /** Scales that are tried on either side of the one by which the largest weight is -8. */
  private static final int TRIES = 9;

  /** Adding 1.5 · 2^23 rounds a small float to a whole number, ties to even. */
  private static final float ROUNDER = 12582912f;

  /** The smallest scale of 4 bits but 0: the smallest positive half float. */
  private static final float Q4_SMALLEST = 0x1p-24f;

  /** The largest scale of 4 bits; weights beyond eight times it, as no model has them, are cut. */
  private static final float Q4_LARGEST = 65280;

  private Rounding() {}

  /**
   * A row in whole multiples of the smallest scale by which its largest weight is no more than 127.
   *
   * @param values the row
   * @param q of the same length: written, in [-127, 127]
   * @return the scale; 0 if all weights are
   */
  public static float int8(float[] values, byte[] q) {
    float scale = int8Scale(values);
    for (int c = 0; c < values.length; c++) {
      q[c] = (byte) nearest(values[c], scale, -INT8_MOST, INT8_MOST);
    }
    return scale;
  }

  /**
   * The scale of {@link #int8}.
   *
   * @param values the row
   * @return the scale; 0 if all weights are
   */
  public static float int8Scale(float[] values) {
    float most = 0;
    for (float value : values) {
      most = Math.max(most, Math.abs(value));
    }
    int bits = Float.floatToRawIntBits(most / INT8_MOST);
    return Float.intBitsToFloat(
        (bits + 0xffff) & 0xffff0000); // up: the largest must not exceed 127
  }

  /**
   * A block of 32 weights in whole multiples of {@link #q4Scale}.
   *
   * @param values holds the block
   * @param at where it begins
   * @param q from {@code at} on: written, in [-8, 7]
   * @return the scale
   */
  public static float q4(float[] values, int at, byte[] q) {
    float scale = q4Scale(values, at);
    for (int i = at; i < at + Q4.BLOCK; i++) {
      q[i] = (byte) nearest(values[i], scale, Q4_LEAST, Q4_MOST);
    }
    return scale;
  }

  /**
   * The scale of a block of 32 weights: of some near the one by which the largest weight is -8 the
   * one with the least sum of squared errors. It is negative where the largest weight is positive:
   * 16 numbers have one more on one side.
   *
   * @param values holds the block
   * @param at where it begins
   * @return the scale; 0 if all weights are
   */
  public static float q4Scale(float[] values, int at) {
    float largest = 0;
    for (int i = at; i < at + Q4.BLOCK; i++) {
      largest = Math.abs(values[i]) > Math.abs(largest) ? values[i] : largest;
    }
    if (largest == 0) {
      return 0;
    }
    float best = largest / Q4_LEAST;
    float most = -1;
    for (int k = -TRIES; k <= TRIES; k++) {
      float inverse = (Q4_LEAST - 0.1f * k) / largest;
      float product = 0; // Σ w q
      float square = 0; // Σ q²
      for (int i = at; i < at + Q4.BLOCK; i++) {
        float w = values[i] / largest; // so that no square is lost
        float q = round(values[i] * inverse, Q4_LEAST, Q4_MOST);
        product += w * q;
        square += q * q;
      }
      // The best scale for these q is their quotient, and this is what it gains.
      float gain = product * product / square;
      if (gain > most) {
        most = gain;
        best = product / square * largest;
      }
    }
    return q4Storable(best);
  }

  /** The nearest scale that bfloat16 and half floats both hold, but not 0. */
  private static float q4Storable(float scale) {
    float bounded = Math.max(-Q4_LARGEST, Math.min(Q4_LARGEST, scale));
    int bits = Float.floatToRawIntBits(bounded);
    float brain = Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000);
    float half = Float.float16ToFloat(Float.floatToFloat16(brain));
    return half == 0 ? Math.copySign(Q4_SMALLEST, scale) : half;
  }

  /**
   * The whole number nearest to a weight over its scale.
   *
   * @param weight finite
   * @param scale of either sign; 0 gives 0
   * @param least q
   * @param most q
   * @return q
   */
  public static int nearest(float weight, float scale, int least, int most) {
    return scale == 0 ? 0 : (int) round(weight / scale, least, most);
  }

  private static float round(float x, int least, int most) {
    return Math.max(least, Math.min(most, x)) + ROUNDER - ROUNDER;
  }
}
