package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Locale;
import org.mixtureofmasks.UserError;

/**
 * A quantised type of GGUF, as it lies in the file: rows of blocks, each with its scales. What each
 * number means is ggml's (ggml-quants.c, dequantize_row_* and quantize_row_*_ref); floats come out
 * with the bits of its dequantisation. Each type of blocks of 32 has its own loop over them, for a
 * call to an overridden method each 32 weights would cost as much as widening them.
 */
abstract class GgufBlocks extends BlockFormat {
  private final String type;
  private final int size;
  private final int bytes;

  /**
   * @param type as ggml and checkpoints name it, such as "Q8_0"
   * @param size weights of a block
   * @param bytes of a block
   */
  GgufBlocks(String type, int size, int bytes) {
    this.type = type;
    this.size = size;
    this.bytes = bytes;
  }

  @Override
  public final String name() {
    return type.toLowerCase(Locale.ROOT);
  }

  @Override
  public final boolean isStoredAs(String stored) {
    return stored.equals(type);
  }

  @Override
  public final long rowBytes(int columns) {
    if (columns % size != 0) {
      throw new UserError(
          "%s holds rows of whole blocks of %d weights, not %d; %d or another multiple of %d would fit"
              .formatted(name(), size, columns, Math.ceilDiv(columns, size) * size, size));
    }
    return (long) columns / size * bytes;
  }

  @Override
  public final float get(MemorySegment data, long row, int column, int columns) {
    return weight(data, row + column / size * (long) bytes, column % size);
  }

  /**
   * One weight of the block that begins at byte {@code at}.
   *
   * @param i in [0, size)
   */
  abstract float weight(MemorySegment data, long at, int i);

  @Override
  public final void put(float[] values, MemorySegment data, long row) {
    for (int c = 0; c < values.length; c += size) {
      putBlock(values, c, data, row + (long) c / size * bytes);
    }
  }

  /** Rounds values[from, from + size) to the block that begins at byte {@code at}. */
  abstract void putBlock(float[] values, int from, MemorySegment data, long at);
}
