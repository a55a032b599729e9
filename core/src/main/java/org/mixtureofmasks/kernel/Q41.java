package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Q4_1: blocks of 32 weights d q + m; f16 scale d and minimum m, 16 bytes of two 4-bit q. */
public final class Q41 extends GgufBlocks {
  /** The format. */
  public static final Format FORMAT = new Q41();

  private static final int SIZE = 32;
  private static final int BYTES = 20;

  private Q41() {
    super("Q4_1", SIZE, BYTES);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    return ByteLanes.half(data, at) * Nibbles.get(data, at + 4, i) + ByteLanes.half(data, at + 2);
  }

  @Override
  void putBlock(float[] values, int from, MemorySegment data, long at) {
    float least = Nibbles.least(values, from);
    float d = (Nibbles.most(values, from) - least) / 15;
    data.set(ByteLanes.SHORT, at, Float.floatToFloat16(d));
    data.set(ByteLanes.SHORT, at + 2, Float.floatToFloat16(least));
    Nibbles.put(values, from, least, d, 0, 15, data, at + 4);
  }

  @Override
  protected void widen(MemorySegment data, long row, int columns, float[] out, int at) {
    long block = row;
    for (int c = 0; c < columns; c += SIZE) {
      block(data, block, out, at + c);
      block += BYTES;
    }
  }

  private static void block(MemorySegment data, long block, float[] out, int at) {
    float d = ByteLanes.half(data, block);
    float m = ByteLanes.half(data, block + 2);
    for (int i = 0; i < SIZE / 2; i += ByteLanes.L) {
      IntVector q = ByteLanes.unsigned(data, block + 4 + i);
      ByteLanes.scaled(q.and(15), d, m).intoArray(out, at + i);
      ByteLanes.scaled(q.lanewise(VectorOperators.LSHR, 4), d, m).intoArray(out, at + SIZE / 2 + i);
    }
  }
}
