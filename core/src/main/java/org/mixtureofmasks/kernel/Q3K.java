package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Q3_K: blocks of 256 weights d (s - 32) (q - 4); the third bits of all q, four times the other two
 * a byte, a 6-bit s for each 16, an f16 scale d.
 */
public final class Q3K extends GgufSuperBlocks {
  /** The format. */
  public static final Format FORMAT = new Q3K();

  private Q3K() {
    super("Q3_K", 110);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    int low = data.get(ValueLayout.JAVA_BYTE, at + 32 + i / 128 * 32L + i % 32) >> i % 128 / 32 * 2;
    int third = data.get(ValueLayout.JAVA_BYTE, at + i % 32) >> i / 32 & 1;
    int q = low & 3 | third << 2;
    return ByteLanes.half(data, at + 108) * scale(data, at, i / 16) * (q - 4);
  }

  @Override
  void block(MemorySegment data, long block, float[] out, int at) {
    float d = ByteLanes.half(data, block + 108);
    for (int group = 0; group < SIZE / 16; group++) {
      int within = group % 2 * 16;
      long bytes = block + 32 + group / 8 * 32L + within;
      float scale = d * scale(data, block, group);
      group(data, bytes, block + within, group / 2, scale, out, at + 16 * group);
    }
  }

  /** Third bits are the bits number {@code third} of the bytes from {@code thirds} on. */
  private static void group(
      MemorySegment data, long bytes, long thirds, int third, float d, float[] out, int at) {
    int shift = third % 4 * 2;
    for (int i = 0; i < 16; i += ByteLanes.L) {
      IntVector low =
          ByteLanes.unsigned(data, bytes + i).lanewise(VectorOperators.LSHR, shift).and(3);
      IntVector high = ByteLanes.unsigned(data, thirds + i).lanewise(VectorOperators.LSHR, third);
      IntVector q = low.or(high.and(1).lanewise(VectorOperators.LSHL, 2));
      ByteLanes.floats(q.sub(4)).mul(d).intoArray(out, at + i);
    }
  }

  private static int scale(MemorySegment data, long at, int group) {
    int low = data.get(ValueLayout.JAVA_BYTE, at + 96 + group % 8) >> group / 8 * 4 & 15;
    int high = data.get(ValueLayout.JAVA_BYTE, at + 104 + group % 4) >> group / 4 * 2 & 3;
    return (low | high << 4) - 32;
  }
}
