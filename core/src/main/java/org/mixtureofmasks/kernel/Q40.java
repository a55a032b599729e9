package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Q4_0: blocks of 32 weights d (q - 8); an f16 scale d, 16 bytes of two 4-bit q. */
public final class Q40 extends GgufBlocks {
  /** The format. */
  public static final Format FORMAT = new Q40();

  private static final int SIZE = 32;
  private static final int BYTES = 18;

  private Q40() {
    super("Q4_0", SIZE, BYTES);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    return ByteLanes.half(data, at) * (Nibbles.get(data, at + 2, i) - 8);
  }

  @Override
  void putBlock(float[] values, int from, MemorySegment data, long at) {
    float d = Nibbles.extreme(values, from) / -8;
    data.set(ByteLanes.SHORT, at, Float.floatToFloat16(d));
    Nibbles.put(values, from, 0, d, 8, 15, data, at + 2);
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
    for (int i = 0; i < SIZE / 2; i += ByteLanes.L) {
      IntVector q = ByteLanes.unsigned(data, block + 2 + i);
      ByteLanes.floats(q.and(15).sub(8)).mul(d).intoArray(out, at + i);
      ByteLanes.floats(q.lanewise(VectorOperators.LSHR, 4).sub(8))
          .mul(d)
          .intoArray(out, at + SIZE / 2 + i);
    }
  }
}
