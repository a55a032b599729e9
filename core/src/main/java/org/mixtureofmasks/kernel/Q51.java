package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Q5_1: blocks of 32 weights d q + m; f16 scale d and minimum m, the fifth bits of all q, 16 bytes
 * of the other four.
 */
public final class Q51 extends GgufBlocks {
  /** The format. */
  public static final Format FORMAT = new Q51();

  private static final int SIZE = 32;
  private static final int BYTES = 24;

  private Q51() {
    super("Q5_1", SIZE, BYTES);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    int fifth = data.get(ByteLanes.INT, at + 4) >>> i & 1;
    int q = Nibbles.get(data, at + 8, i) | fifth << 4;
    return ByteLanes.half(data, at) * q + ByteLanes.half(data, at + 2);
  }

  @Override
  void putBlock(float[] values, int from, MemorySegment data, long at) {
    float least = Nibbles.least(values, from);
    float d = (Nibbles.most(values, from) - least) / 31;
    data.set(ByteLanes.SHORT, at, Float.floatToFloat16(d));
    data.set(ByteLanes.SHORT, at + 2, Float.floatToFloat16(least));
    data.set(ByteLanes.INT, at + 4, Nibbles.put(values, from, least, d, 0, 31, data, at + 8));
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
    int fifths = data.get(ByteLanes.INT, block + 4);
    for (int i = 0; i < SIZE / 2; i += ByteLanes.L) {
      IntVector q = ByteLanes.unsigned(data, block + 8 + i);
      IntVector low = q.and(15).or(ByteLanes.fifths(fifths >>> i));
      IntVector high =
          q.lanewise(VectorOperators.LSHR, 4).or(ByteLanes.fifths(fifths >>> SIZE / 2 + i));
      ByteLanes.scaled(low, d, m).intoArray(out, at + i);
      ByteLanes.scaled(high, d, m).intoArray(out, at + SIZE / 2 + i);
    }
  }
}
