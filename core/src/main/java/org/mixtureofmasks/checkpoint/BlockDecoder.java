package org.mixtureofmasks.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What the bytes of one block mean, in plain code: the reference for every kernel. Floats have the
 * bits of ggml's dequantize_row_* (ggml-quants.c), with products and sums rounded one by one.
 */
@FunctionalInterface
interface BlockDecoder {
  /** Halves as the blocks hold them. */
  ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Decodes the block that begins at byte {@code at}.
   *
   * @param data with the whole block
   * @param at where it begins
   * @param out a float for each element of a block, written
   */
  void decode(MemorySegment data, long at, float[] out);

  /**
   * The decoder of a type in blocks.
   *
   * @throws IllegalArgumentException for plain types
   */
  static BlockDecoder of(DType type) {
    return switch (type) {
      case Q8_0 -> SmallBlocks::q8;
      case Q4_0 -> SmallBlocks::q4;
      case Q4_1 -> SmallBlocks::q4WithMinimum;
      case Q5_0 -> SmallBlocks::q5;
      case Q5_1 -> SmallBlocks::q5WithMinimum;
      case IQ4_NL -> SmallBlocks::iq4;
      case Q2_K -> SuperBlocks::q2;
      case Q3_K -> SuperBlocks::q3;
      case Q4_K -> SuperBlocks::q4;
      case Q5_K -> SuperBlocks::q5;
      case Q6_K -> SuperBlocks::q6;
      case IQ4_XS -> SuperBlocks::iq4;
      case F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalArgumentException(type + " has no blocks");
    };
  }

  /** An unsigned byte. */
  static int byteAt(MemorySegment data, long at) {
    return data.get(ValueLayout.JAVA_BYTE, at) & 255;
  }

  /** A half-precision float. */
  static float half(MemorySegment data, long at) {
    return Float.float16ToFloat(data.get(SHORT, at));
  }
}
