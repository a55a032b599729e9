package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Q6_K: blocks of 256 weights d s (q - 32); two times the low 4 bits of q a byte, four times its
 * high 2 bits a byte, a signed byte s for each 16, an f16 scale d.
 */
public final class Q6K extends GgufSuperBlocks {
  /** The format. */
  public static final Format FORMAT = new Q6K();

  private Q6K() {
    super("Q6_K", 210);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    int low = data.get(ValueLayout.JAVA_BYTE, at + i / 128 * 64L + i % 64) >> i % 128 / 64 * 4 & 15;
    int high =
        data.get(ValueLayout.JAVA_BYTE, at + 128 + i / 128 * 32L + i % 32) >> i % 128 / 32 * 2 & 3;
    float d = ByteLanes.half(data, at + 208) * data.get(ValueLayout.JAVA_BYTE, at + 192 + i / 16);
    return d * ((low | high << 4) - 32);
  }

  @Override
  void block(MemorySegment data, long block, float[] out, int at) {
    float d = ByteLanes.half(data, block + 208);
    for (int group = 0; group < SIZE / 16; group++) {
      float scale = d * data.get(ValueLayout.JAVA_BYTE, block + 192 + group);
      int half = group / 8;
      long lows = block + 64L * half + group % 4 * 16L;
      long highs = block + 128 + 32L * half + group % 2 * 16L;
      int shift = group % 8 / 4 * 4;
      group(data, lows, shift, highs, group % 8 / 2 * 2, scale, out, at + 16 * group);
    }
  }

  private static void group(
      MemorySegment data,
      long lows,
      int lowShift,
      long highs,
      int highShift,
      float d,
      float[] out,
      int at) {
    for (int i = 0; i < 16; i += ByteLanes.L) {
      IntVector low =
          ByteLanes.unsigned(data, lows + i).lanewise(VectorOperators.LSHR, lowShift).and(15);
      IntVector high =
          ByteLanes.unsigned(data, highs + i).lanewise(VectorOperators.LSHR, highShift).and(3);
      IntVector q = low.or(high.lanewise(VectorOperators.LSHL, 4));
      ByteLanes.floats(q.sub(32)).mul(d).intoArray(out, at + i);
    }
  }
}
