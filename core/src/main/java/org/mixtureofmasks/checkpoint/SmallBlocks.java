package org.mixtureofmasks.checkpoint;

import static org.mixtureofmasks.checkpoint.BlockDecoder.byteAt;
import static org.mixtureofmasks.checkpoint.BlockDecoder.half;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Blocks of 32 elements: d is their scale, m their minimum. Where bytes hold two 4-bit values, low
 * nibbles are the first half of the block.
 */
final class SmallBlocks {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** What the 4-bit values of IQ4 types stand for, times their scale. */
  private static final int[] IQ4 = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  /** Adding it changes nothing, not even the sign of a zero. */
  private static final float NO_MINIMUM = -0.0f;

  private static final int HALF = 16;

  private SmallBlocks() {}

  /** x = d q, q signed bytes. */
  static void q8(MemorySegment data, long at, float[] out) {
    float d = half(data, at);
    for (int i = 0; i < 2 * HALF; i++) {
      out[i] = d * data.get(ValueLayout.JAVA_BYTE, at + 2 + i);
    }
  }

  /** x = d (q - 8). */
  static void q4(MemorySegment data, long at, float[] out) {
    nibbles(data, at + 2, 0, half(data, at), 8, NO_MINIMUM, out);
  }

  /** x = d q + m. */
  static void q4WithMinimum(MemorySegment data, long at, float[] out) {
    nibbles(data, at + 4, 0, half(data, at), 0, half(data, at + 2), out);
  }

  /** x = d (q - 16). */
  static void q5(MemorySegment data, long at, float[] out) {
    nibbles(data, at + 6, data.get(INT, at + 2), half(data, at), 16, NO_MINIMUM, out);
  }

  /** x = d q + m. */
  static void q5WithMinimum(MemorySegment data, long at, float[] out) {
    nibbles(data, at + 8, data.get(INT, at + 4), half(data, at), 0, half(data, at + 2), out);
  }

  /** x = d (q - centre) + m, q of a nibble and, for element i, bit i of {@code fifth} above it. */
  private static void nibbles(
      MemorySegment data, long at, int fifth, float d, int centre, float m, float[] out) {
    for (int i = 0; i < HALF; i++) {
      int pair = byteAt(data, at + i);
      int low = pair & 15 | (fifth >>> i & 1) << 4;
      int high = pair >> 4 | (fifth >>> HALF + i & 1) << 4;
      out[i] = d * (low - centre) + m;
      out[HALF + i] = d * (high - centre) + m;
    }
  }

  /** x = d v(q), v by a table that is denser round 0. */
  static void iq4(MemorySegment data, long at, float[] out) {
    iq4(data, at + 2, half(data, at), out, 0);
  }

  /** 32 elements from {@code to} on, of the 16 bytes from {@code at} on. */
  static void iq4(MemorySegment data, long at, float d, float[] out, int to) {
    for (int i = 0; i < HALF; i++) {
      int pair = byteAt(data, at + i);
      out[to + i] = d * IQ4[pair & 15];
      out[to + HALF + i] = d * IQ4[pair >> 4];
    }
  }
}
