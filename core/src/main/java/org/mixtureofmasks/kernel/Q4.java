package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import org.mixtureofmasks.UserError;

/**
 * Four bits a weight in blocks of 32 along the row: w = scale q, q in [-8, 7], the scale a half
 * float. What Q4_0 of GGUF holds, in a row of 16-byte pieces that no scales stand between: first
 * the nibbles q + 8 of all blocks (16 bytes each; low ones are the block's first half, high ones
 * its second), then the scales of all blocks.
 */
public final class Q4 extends BlockFormat {
  /** The format. */
  public static final Q4 FORMAT = new Q4();

  /** Weights that share a scale. */
  public static final int BLOCK = 32;

  private static final int HALF = BLOCK / 2;
  private static final int OFFSET = 8;

  private Q4() {}

  @Override
  public String name() {
    return "q4";
  }

  @Override
  public long rowBytes(int columns) {
    requireBlocks(columns);
    return columns / 2 + columns / BLOCK * (long) Short.BYTES;
  }

  /**
   * Checks the length of rows.
   *
   * @throws UserError unless it is a whole number of blocks
   */
  public static void requireBlocks(int columns) {
    if (columns % BLOCK != 0) {
      throw new UserError(
          "q4 holds rows of whole blocks of %d weights, not %d; int8 holds rows of any length"
              .formatted(BLOCK, columns));
    }
  }

  @Override
  public float get(MemorySegment data, long row, int column, int columns) {
    int block = column / BLOCK;
    int within = column % BLOCK;
    int pair = data.get(ValueLayout.JAVA_BYTE, row + (long) block * HALF + within % HALF);
    int nibble = (within < HALF ? pair : pair >> 4) & 15;
    return ByteLanes.half(data, scales(row, columns) + block * 2L) * (nibble - OFFSET);
  }

  private static long scales(long row, int columns) {
    return row + columns / 2;
  }

  /**
   * Rounds as {@link Rounding#q4} does: to the nearest of the 16 multiples of the block's scale.
   */
  @Override
  public void put(float[] values, MemorySegment data, long row) {
    byte[] q = new byte[values.length];
    float[] scales = new float[values.length / BLOCK];
    for (int b = 0; b < scales.length; b++) {
      scales[b] = Rounding.q4(values, b * BLOCK, q);
    }
    put(q, scales, data, row);
  }

  /**
   * Stores a row that is rounded already.
   *
   * @param q its weights over their scales, in [-8, 7]
   * @param scales one for each block, kept as half floats
   * @param data of the matrix
   * @param row where the row begins, in bytes
   */
  public void put(byte[] q, float[] scales, MemorySegment data, long row) {
    for (int b = 0; b < scales.length; b++) {
      int at = b * BLOCK;
      for (int i = 0; i < HALF; i++) {
        int pair = q[at + i] + OFFSET | q[at + HALF + i] + OFFSET << 4;
        data.set(ValueLayout.JAVA_BYTE, row + (long) b * HALF + i, (byte) pair);
      }
      short half = Float.floatToFloat16(scales[b]);
      data.set(ByteLanes.SHORT, scales(row, q.length) + 2L * b, half);
    }
  }

  @Override
  float dot(MemorySegment data, long row, int columns, float[] x, int at, float[] scratch) {
    return Nibbles.dot(data, row, HALF, scales(row, columns), Short.BYTES, columns, x, at);
  }

  @Override
  protected void widen(MemorySegment data, long row, int columns, float[] out, int at) {
    long scale = scales(row, columns);
    for (int b = 0; b < columns / BLOCK; b++) {
      block(data, row + (long) b * HALF, ByteLanes.half(data, scale + 2L * b), out, at + b * BLOCK);
    }
  }

  private static void block(MemorySegment data, long nibbles, float scale, float[] out, int at) {
    for (int i = 0; i < HALF; i += ByteLanes.L) {
      IntVector pairs = ByteLanes.unsigned(data, nibbles + i);
      Nibbles.low(pairs, scale).intoArray(out, at + i);
      Nibbles.high(pairs, scale).intoArray(out, at + HALF + i);
    }
  }
}
