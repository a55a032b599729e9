package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Q5_0: blocks of 32 weights d (q - 16); an f16 scale d, the fifth bits of all q, 16 bytes of the
 * other four.
 */
public final class Q50 extends GgufBlocks {
  /** The format. */
  public static final Format FORMAT = new Q50();

  private static final int SIZE = 32;
  private static final int BYTES = 22;

  private Q50() {
    super("Q5_0", SIZE, BYTES);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    int fifth = data.get(ByteLanes.INT, at + 2) >>> i & 1;
    return ByteLanes.half(data, at) * ((Nibbles.get(data, at + 6, i) | fifth << 4) - 16);
  }

  @Override
  void putBlock(float[] values, int from, MemorySegment data, long at) {
    float d = Nibbles.extreme(values, from) / -16;
    data.set(ByteLanes.SHORT, at, Float.floatToFloat16(d));
    data.set(ByteLanes.INT, at + 2, Nibbles.put(values, from, 0, d, 16, 31, data, at + 6));
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
    int fifths = data.get(ByteLanes.INT, block + 2);
    for (int i = 0; i < SIZE / 2; i += ByteLanes.L) {
      IntVector q = ByteLanes.unsigned(data, block + 6 + i);
      IntVector low = q.and(15).or(ByteLanes.fifths(fifths >>> i));
      IntVector high =
          q.lanewise(VectorOperators.LSHR, 4).or(ByteLanes.fifths(fifths >>> SIZE / 2 + i));
      ByteLanes.floats(low.sub(16)).mul(d).intoArray(out, at + i);
      ByteLanes.floats(high.sub(16)).mul(d).intoArray(out, at + SIZE / 2 + i);
    }
  }
}
