package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import org.mixtureofmasks.UserError;

/**
 * A type of GGUF in blocks of 256 weights ("K-quants" and their like), which is read and not made:
 * to choose its scales well takes a search over each block, which llama-quantize does.
 */
abstract class GgufSuperBlocks extends GgufBlocks {
  /** Weights of a block. */
  static final int SIZE = 256;

  private final int bytes;

  /**
   * @param type as ggml names it, such as "Q4_K"
   * @param bytes of a block
   */
  GgufSuperBlocks(String type, int bytes) {
    super(type, SIZE, bytes);
    this.bytes = bytes;
  }

  /** A call that is not inlined costs little beside 256 weights. */
  @Override
  protected final void widen(MemorySegment data, long row, int columns, float[] out, int at) {
    long block = row;
    for (int c = 0; c < columns; c += SIZE) {
      block(data, block, out, at + c);
      block += bytes;
    }
  }

  /** Widens the block that begins at byte {@code block} to SIZE floats from {@code at}. */
  abstract void block(MemorySegment data, long block, float[] out, int at);

  @Override
  final void putBlock(float[] values, int from, MemorySegment data, long at) {
    throw new UserError(
        "%s is read as GGUF files store it, not made; llama-quantize makes such files"
            .formatted(name()));
  }
}
