package org.mixtureofmasks.checkpoint;

import static org.mixtureofmasks.checkpoint.BlockDecoder.byteAt;
import static org.mixtureofmasks.checkpoint.BlockDecoder.half;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Blocks of 256 elements in 8 or 16 groups: each group has a small whole number that scales the
 * block's scale d, and in some types another that scales the block's minimum.
 */
final class SuperBlocks {
  private static final int SIZE = 256;

  private SuperBlocks() {}

  /** Groups of 16: x = d (s & 15) q - m (s >> 4). Bytes hold 2-bit values of four groups. */
  static void q2(MemorySegment data, long at, float[] out) {
    float d = half(data, at + 80);
    float m = half(data, at + 82);
    for (int i = 0; i < SIZE; i++) {
      int scales = byteAt(data, at + i / 16);
      int q = byteAt(data, at + 16 + i / 128 * 32L + i % 32) >> i % 128 / 32 * 2 & 3;
      out[i] = d * (scales & 15) * q - m * (scales >> 4);
    }
  }

  /** Groups of 16: x = d (s - 32) q; q has 2 bits, less 4 where its third bit is not set. */
  static void q3(MemorySegment data, long at, float[] out) {
    float d = half(data, at + 108);
    for (int i = 0; i < SIZE; i++) {
      int group = i / 16;
      int low = byteAt(data, at + 96 + group % 8) >> group / 8 * 4 & 15;
      int high = byteAt(data, at + 104 + group % 4) >> group / 4 * 2 & 3;
      int scale = (low | high << 4) - 32;
      int q = byteAt(data, at + 32 + i / 128 * 32L + i % 32) >> i % 128 / 32 * 2 & 3;
      int third = byteAt(data, at + i % 32) >> i / 32 & 1;
      out[i] = d * scale * (q - (third == 0 ? 4 : 0));
    }
  }

  /** Groups of 32: x = d s q - m t, q of 4 bits. */
  static void q4(MemorySegment data, long at, float[] out) {
    for (int i = 0; i < SIZE; i++) {
      out[i] = scaled(data, at, i / 32, nibble(data, at + 16, i));
    }
  }

  /** Groups of 32: x = d s q - m t, q of 5 bits. */
  static void q5(MemorySegment data, long at, float[] out) {
    for (int i = 0; i < SIZE; i++) {
      int fifth = byteAt(data, at + 16 + i % 32) >> i / 32 & 1;
      out[i] = scaled(data, at, i / 32, nibble(data, at + 48, i) | fifth << 4);
    }
  }

  /** 64 elements lie in 32 bytes, the first half of them in the low nibbles. */
  private static int nibble(MemorySegment data, long at, int i) {
    return byteAt(data, at + i / 64 * 32L + i % 32) >> i / 32 % 2 * 4 & 15;
  }

  /** x = d s q - m t, with s and t of the group by {@link #sixBits}. */
  private static float scaled(MemorySegment data, long at, int group, int q) {
    int s = sixBits(data, at + 4, group, 0);
    int t = sixBits(data, at + 4, group, 1);
    return half(data, at) * s * q - half(data, at + 2) * t;
  }

  /**
   * The scale (which = 0) or minimum (1) of a group: of the first four in the low 6 bits of bytes
   * 0-3 and 4-7; of the others low 4 bits in the nibbles of bytes 8-11, high 2 bits above the first
   * four's.
   */
  private static int sixBits(MemorySegment data, long at, int group, int which) {
    int first = byteAt(data, at + 4L * which + group % 4);
    if (group < 4) {
      return first & 63;
    }
    return byteAt(data, at + 4 + group) >> 4 * which & 15 | first >> 6 << 4;
  }

  /** Groups of 16: x = d s (q - 32), s signed; q has 4 low bits and 2 high ones. */
  static void q6(MemorySegment data, long at, float[] out) {
    float d = half(data, at + 208);
    for (int i = 0; i < SIZE; i++) {
      int low = byteAt(data, at + i / 128 * 64L + i % 64) >> i % 128 / 64 * 4 & 15;
      int high = byteAt(data, at + 128 + i / 128 * 32L + i % 32) >> i % 128 / 32 * 2 & 3;
      int scale = data.get(ValueLayout.JAVA_BYTE, at + 192 + i / 16);
      out[i] = d * scale * ((low | high << 4) - 32);
    }
  }

  /** Groups of 32: x = d (s - 32) v(q), v by the table of IQ4_NL. */
  static void iq4(MemorySegment data, long at, float[] out) {
    float d = half(data, at);
    int highs = Short.toUnsignedInt(data.get(BlockDecoder.SHORT, at + 2));
    for (int group = 0; group < 8; group++) {
      int low = byteAt(data, at + 4 + group / 2) >> group % 2 * 4 & 15;
      int scale = (low | (highs >> 2 * group & 3) << 4) - 32;
      SmallBlocks.iq4(data, at + 8 + 16L * group, d * scale, out, 32 * group);
    }
  }
}
