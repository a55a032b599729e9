package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Q5_K: blocks of 256 weights d s q - m t; f16 scale d and minimum m, a 6-bit s and t for each 32
 * (see {@link SixBitScales}), the fifth bits of all q, two times the other four a byte.
 */
public final class Q5K extends GgufSuperBlocks {
  /** The format. */
  public static final Format FORMAT = new Q5K();

  private Q5K() {
    super("Q5_K", 176);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    float d = ByteLanes.half(data, at) * SixBitScales.of(SixBitScales.scales(data, at + 4), i / 32);
    float m =
        ByteLanes.half(data, at + 2) * SixBitScales.of(SixBitScales.minima(data, at + 4), i / 32);
    int fifth = data.get(ValueLayout.JAVA_BYTE, at + 16 + i % 32) >> i / 32 & 1;
    return d * (Nibbles.getOf64(data, at + 48, i) | fifth << 4) - m;
  }

  @Override
  void block(MemorySegment data, long block, float[] out, int at) {
    float d = ByteLanes.half(data, block);
    float m = -ByteLanes.half(data, block + 2);
    long s = SixBitScales.scales(data, block + 4);
    long t = SixBitScales.minima(data, block + 4);
    for (int group = 0; group < SIZE / 32; group++) {
      group(
          data,
          block,
          group,
          d * SixBitScales.of(s, group),
          m * SixBitScales.of(t, group),
          out,
          at + 32 * group);
    }
  }

  private static void group(
      MemorySegment data, long block, int group, float d, float m, float[] out, int at) {
    long bytes = block + 48 + group / 2 * 32L;
    int shift = group % 2 * 4;
    for (int i = 0; i < 32; i += ByteLanes.L) {
      IntVector low =
          ByteLanes.unsigned(data, bytes + i).lanewise(VectorOperators.LSHR, shift).and(15);
      IntVector fifth =
          ByteLanes.unsigned(data, block + 16 + i).lanewise(VectorOperators.LSHR, group).and(1);
      ByteLanes.scaled(low.or(fifth.lanewise(VectorOperators.LSHL, 4)), d, m)
          .intoArray(out, at + i);
    }
  }
}
