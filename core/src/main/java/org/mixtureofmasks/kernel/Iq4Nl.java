package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** IQ4_NL: blocks of 32 weights d v(q); an f16 scale d, 16 bytes of two places q in a table v. */
public final class Iq4Nl extends GgufBlocks {
  /** The format. */
  public static final Format FORMAT = new Iq4Nl();

  private static final int SIZE = 32;
  private static final int BYTES = 18;

  private Iq4Nl() {
    super("IQ4_NL", SIZE, BYTES);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    return ByteLanes.half(data, at) * Iq4Table.value(Nibbles.get(data, at + 2, i));
  }

  @Override
  void putBlock(float[] values, int from, MemorySegment data, long at) {
    int[] places = new int[SIZE];
    data.set(ByteLanes.SHORT, at, Float.floatToFloat16(Iq4Table.round(values, from, places)));
    for (int i = 0; i < SIZE / 2; i++) {
      byte pair = (byte) (places[i] | places[SIZE / 2 + i] << 4);
      data.set(ValueLayout.JAVA_BYTE, at + 2 + i, pair);
    }
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
    Iq4Table.widen(data, block + 2, ByteLanes.half(data, block), out, at);
  }
}
