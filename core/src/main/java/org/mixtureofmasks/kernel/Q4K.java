package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Q4_K: blocks of 256 weights d s q - m t; f16 scale d and minimum m, a 6-bit s and t for each 32
 * (see {@link SixBitScales}), two 4-bit q a byte.
 */
public final class Q4K extends GgufSuperBlocks {
  /** The format. */
  public static final Format FORMAT = new Q4K();

  private Q4K() {
    super("Q4_K", 144);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    float d = ByteLanes.half(data, at) * SixBitScales.of(SixBitScales.scales(data, at + 4), i / 32);
    float m =
        ByteLanes.half(data, at + 2) * SixBitScales.of(SixBitScales.minima(data, at + 4), i / 32);
    return d * Nibbles.getOf64(data, at + 16, i) - m;
  }

  @Override
  void block(MemorySegment data, long block, float[] out, int at) {
    float d = ByteLanes.half(data, block);
    float m = -ByteLanes.half(data, block + 2);
    long s = SixBitScales.scales(data, block + 4);
    long t = SixBitScales.minima(data, block + 4);
    for (int k = 0; k < SIZE / 64; k++) {
      pair(
          data,
          block + 16 + 32L * k,
          d * SixBitScales.of(s, 2 * k),
          m * SixBitScales.of(t, 2 * k),
          d * SixBitScales.of(s, 2 * k + 1),
          m * SixBitScales.of(t, 2 * k + 1),
          out,
          at + 64 * k);
    }
  }

  /** Two groups, in the low and in the high nibbles of 32 bytes. */
  private static void pair(
      MemorySegment data, long bytes, float d0, float m0, float d1, float m1, float[] out, int at) {
    for (int i = 0; i < 32; i += ByteLanes.L) {
      IntVector q = ByteLanes.unsigned(data, bytes + i);
      ByteLanes.scaled(q.and(15), d0, m0).intoArray(out, at + i);
      ByteLanes.scaled(q.lanewise(VectorOperators.LSHR, 4), d1, m1).intoArray(out, at + 32 + i);
    }
  }
}
