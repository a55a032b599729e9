package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Two 4-bit numbers a byte: of 32 weights the first 16 in the low nibbles. Rounding is ggml's
 * (quantize_row_*_ref), so that the same floats give the same bytes.
 */
final class Nibbles {
  private static final int SIZE = 32;
  private static final int HALF = 16;

  private Nibbles() {}

  /** Number i of the 32 in the bytes from {@code at} on. */
  static int get(MemorySegment data, long at, int i) {
    return data.get(ValueLayout.JAVA_BYTE, at + i % HALF) >> i / HALF * 4 & 15;
  }

  /** Number i where 64 lie in 32 bytes, the first 32 in the low nibbles. */
  static int getOf64(MemorySegment data, long at, int i) {
    return data.get(ValueLayout.JAVA_BYTE, at + i / 64 * 32L + i % 32) >> i / 32 % 2 * 4 & 15;
  }

  /**
   * Stores the low nibbles of q = (x - least) / d + centre, rounded, for 32 floats x.
   *
   * @param most that q can be
   * @return their fifth bits, that of weight i in bit i
   */
  static int put(
      float[] values,
      int from,
      float least,
      float d,
      int centre,
      int most,
      MemorySegment data,
      long at) {
    float inverse = d == 0 ? 0 : 1 / d;
    int fifths = 0;
    for (int i = 0; i < HALF; i++) {
      int low = round((values[from + i] - least) * inverse, centre, most);
      int high = round((values[from + HALF + i] - least) * inverse, centre, most);
      data.set(ValueLayout.JAVA_BYTE, at + i, (byte) (low & 15 | high << 4));
      fifths |= low >> 4 << i | high >> 4 << HALF + i;
    }
    return fifths;
  }

  private static int round(float x, int centre, int most) {
    return Math.clamp((int) (x + (centre + 0.5f)), 0, most);
  }

  /** The float of the largest magnitude, the first of several. */
  static float extreme(float[] values, int from) {
    float extreme = 0;
    for (int i = from; i < from + SIZE; i++) {
      if (Math.abs(values[i]) > Math.abs(extreme)) {
        extreme = values[i];
      }
    }
    return extreme;
  }

  /** The least of 32 floats. */
  static float least(float[] values, int from) {
    float least = values[from];
    for (int i = from; i < from + SIZE; i++) {
      least = Math.min(least, values[i]);
    }
    return least;
  }

  /** The largest of 32 floats. */
  static float most(float[] values, int from) {
    float most = values[from];
    for (int i = from; i < from + SIZE; i++) {
      most = Math.max(most, values[i]);
    }
    return most;
  }
}
