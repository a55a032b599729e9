package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;

/**
 * The 12 bytes of Q4_K and Q5_K that hold 8 scales and 8 minima of 6 bits: those of groups 0-3 in
 * the low bits of bytes 0-3 and 4-7; of groups 4-7 low 4 bits in the nibbles of bytes 8-11, and
 * high 2 bits above those of groups 0-3.
 */
final class SixBitScales {
  private static final int LOW_SIX = 0x3f3f3f3f;
  private static final int LOW_FOUR = 0x0f0f0f0f;
  private static final int HIGH_TWO = 0x30303030;

  private SixBitScales() {}

  /** Eight scales, a byte each. */
  static long scales(MemorySegment data, long at) {
    return join(data.get(ByteLanes.INT, at), data.get(ByteLanes.INT, at + 8));
  }

  /** Eight minima, a byte each. */
  static long minima(MemorySegment data, long at) {
    return join(data.get(ByteLanes.INT, at + 4), data.get(ByteLanes.INT, at + 8) >>> 4);
  }

  private static long join(int first, int rest) {
    int high = rest & LOW_FOUR | first >>> 2 & HIGH_TWO;
    return first & LOW_SIX | (long) high << 32;
  }

  /** That of a group in [0, 8). */
  static int of(long eight, int group) {
    return (int) (eight >>> 8 * group) & 63;
  }
}
