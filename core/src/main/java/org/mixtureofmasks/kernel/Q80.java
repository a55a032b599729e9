package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Q8_0: blocks of 32 weights d q; an f16 scale d, 32 signed bytes q. */
public final class Q80 extends GgufBlocks {
  /** The format. */
  public static final Format FORMAT = new Q80();

  private static final int SIZE = 32;
  private static final int BYTES = 34;

  private Q80() {
    super("Q8_0", SIZE, BYTES);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    return ByteLanes.half(data, at) * data.get(ValueLayout.JAVA_BYTE, at + 2 + i);
  }

  @Override
  void putBlock(float[] values, int from, MemorySegment data, long at) {
    float most = 0;
    for (int i = 0; i < SIZE; i++) {
      most = Math.max(most, Math.abs(values[from + i]));
    }
    float d = most / 127;
    float inverse = d == 0 ? 0 : 1 / d;
    data.set(ByteLanes.SHORT, at, Float.floatToFloat16(d));
    for (int i = 0; i < SIZE; i++) {
      // Halves away from zero, as C's roundf does.
      float q = values[from + i] * inverse;
      int nearest = (int) Math.copySign(Math.floor(Math.abs(q) + 0.5), q);
      data.set(ValueLayout.JAVA_BYTE, at + 2 + i, (byte) nearest);
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
    float d = ByteLanes.half(data, block);
    for (int i = 0; i < SIZE; i += ByteLanes.L) {
      ByteLanes.floats(ByteLanes.signed(data, block + 2 + i)).mul(d).intoArray(out, at + i);
    }
  }
}
