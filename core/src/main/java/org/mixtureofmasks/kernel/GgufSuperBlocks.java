package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import org.mixtureofmasks.UserError;

/**
 * A type of GGUF in blocks of 256 weights ("K-quants" and their like), which is read and not made:
 * to choose its scales well takes a search over each block, which llama-quantize does.
 */
abstract class GgufSuperBlocks extends GgufBlocks {
  /**
   * @param type as ggml names it, such as "Q4_K"
   * @param bytes of a block
   */
  GgufSuperBlocks(String type, int bytes) {
    super(type, 256, bytes);
  }

  @Override
  final void putBlock(float[] values, int from, MemorySegment data, long at) {
    throw new UserError(
        "%s is read as GGUF files store it, not made; llama-quantize makes such files"
            .formatted(name()));
  }
}
