package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;

/**
 * IQ4_XS: blocks of 256 weights d (s - 32) v(q); an f16 scale d, a 6-bit s for each 32, two places
 * q a byte in the table v of {@link Iq4Nl}.
 */
public final class Iq4Xs extends GgufSuperBlocks {
  /** The format. */
  public static final Format FORMAT = new Iq4Xs();

  private Iq4Xs() {
    super("IQ4_XS", 136);
  }

  @Override
  float weight(MemorySegment data, long at, int i) {
    int q = Nibbles.get(data, at + 8 + i / 32 * 16L, i % 32);
    return ByteLanes.half(data, at) * scale(data, at, i / 32) * Iq4Table.value(q);
  }

  @Override
  void block(MemorySegment data, long block, float[] out, int at) {
    float d = ByteLanes.half(data, block);
    for (int group = 0; group < SIZE / 32; group++) {
      float scale = d * scale(data, block, group);
      Iq4Table.widen(data, block + 8 + 16L * group, scale, out, at + 32 * group);
    }
  }

  private static int scale(MemorySegment data, long at, int group) {
    int low = data.get(ByteLanes.INT, at + 4) >>> 4 * group & 15;
    int high = data.get(ByteLanes.SHORT, at + 2) >>> 2 * group & 3;
    return (low | high << 4) - 32;
  }
}
