package org.mixtureofmasks.kernel;

/** Brain floats: the upper 16 bits of a float32. */
public final class Bf16 {
  private Bf16() {}

  /** The value of a stored brain float, exactly. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The nearest brain float, ties to the even one; NaN stays NaN, too large becomes infinite. */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      // Rounding could carry a NaN's mantissa away: keep the sign, set the quiet bit.
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }
}
