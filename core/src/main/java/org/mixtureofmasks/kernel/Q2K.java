package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Q2_K: blocks of 256 weights d s q - m t; a 4-bit s and t for each 16, four 2-bit q a byte, f16
 * scale d and minimum m.
 */
public final class Q2K extends GgufSuperBlocks {
  /** The format. */
  public static final Format FORMAT = new Q2K();

  private Q2K() {
    super("Q2_K", 84);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    int scales = data.get(ValueLayout.JAVA_BYTE, at + i / 16);
    int q =
        data.get(ValueLayout.JAVA_BYTE, at + 16 + i / 128 * 32L + i % 32) >> i % 128 / 32 * 2 & 3;
    float d = ByteLanes.half(data, at + 80) * (scales & 15);
    return d * q - ByteLanes.half(data, at + 82) * (scales >> 4 & 15);
  }

  @Override
  void block(MemorySegment data, long block, float[] out, int at) {
    float d = ByteLanes.half(data, block + 80);
    float m = ByteLanes.half(data, block + 82);
    for (int group = 0; group < SIZE / 16; group++) {
      int scales = data.get(ValueLayout.JAVA_BYTE, block + group);
      long bytes = block + 16 + group / 8 * 32L + group % 2 * 16L;
      int shift = group % 8 / 2 * 2;
      group(data, bytes, shift, d * (scales & 15), -m * (scales >> 4 & 15), out, at + 16 * group);
    }
  }

  private static void group(
      MemorySegment data, long bytes, int shift, float d, float m, float[] out, int at) {
    for (int i = 0; i < 16; i += ByteLanes.L) {
      IntVector q = ByteLanes.unsigned(data, bytes + i);
      ByteLanes.scaled(q.lanewise(VectorOperators.LSHR, shift).and(3), d, m).intoArray(out, at + i);
    }
  }
}
