package org.mixtureofmasks.checkpoint;

/**
 * How the elements of a stored tensor are encoded, little-endian. Block formats (GGUF's) pack
 * {@link #blockSize} elements into {@link #blockBytes} bytes.
 */
public enum DType {
  /** 64-bit floats. */
  F64(1, 8),
  /** 32-bit floats. */
  F32(1, 4),
  /** IEEE half floats. */
  F16(1, 2),
  /** Brain floats: the upper half of an F32. */
  BF16(1, 2),
  /** 64-bit integers. */
  I64(1, 8),
  /** 32-bit integers. */
  I32(1, 4),
  /** 16-bit integers. */
  I16(1, 2),
  /** Signed bytes. */
  I8(1, 1),
  /** Unsigned bytes. */
  U8(1, 1),
  /** Bytes that are 0 or 1. */
  BOOL(1, 1),
  /** Blocks of 32: an f16 scale, 32 signed bytes. */
  Q8_0(32, 34),
  /** Blocks of 32: an f16 scale, 16 bytes of two 4-bit values with an offset of 8. */
  Q4_0(32, 18),
  /** Blocks of 32: an f16 scale, an f16 minimum, 16 bytes of two 4-bit values. */
  Q4_1(32, 20),
  /** Blocks of 32: an f16 scale, 32 fifth bits, 16 bytes of the other four, an offset of 16. */
  Q5_0(32, 22),
  /** Blocks of 32: an f16 scale, an f16 minimum, 32 fifth bits, 16 bytes of the other four. */
  Q5_1(32, 24),
  /** Blocks of 32: an f16 scale, 16 bytes of two 4-bit places in a table. */
  IQ4_NL(32, 18),
  /** Blocks of 256: 16 scales and minima of 4 bits, 2-bit values, an f16 scale and minimum. */
  Q2_K(256, 84),
  /** Blocks of 256: third bits, 2-bit values, 16 scales of 6 bits, an f16 scale. */
  Q3_K(256, 110),
  /** Blocks of 256: an f16 scale and minimum, 8 scales and minima of 6 bits, 4-bit values. */
  Q4_K(256, 144),
  /** Blocks of 256: as Q4_K, with fifth bits before the other four. */
  Q5_K(256, 176),
  /** Blocks of 256: 4 low bits, 2 high bits, 16 scales of 8 bits, an f16 scale. */
  Q6_K(256, 210),
  /** Blocks of 256: an f16 scale, 8 scales of 6 bits, 4-bit places in a table. */
  IQ4_XS(256, 136);

  private final int blockSize;
  private final int blockBytes;

  DType(int blockSize, int blockBytes) {
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
  }

  /** {@return elements in a block; 1 for the plain types} */
  public int blockSize() {
    return blockSize;
  }

  /** {@return bytes of a block} */
  public int blockBytes() {
    return blockBytes;
  }

  /** {@return whether elements are whole numbers, which index something or are masks} */
  public boolean isInteger() {
    return switch (this) {
      case I64, I32, I16, I8, U8, BOOL -> true;
      default -> false;
    };
  }

  /** {@return whether elements are packed into blocks with scales of their own} */
  public boolean isQuantised() {
    return blockSize > 1;
  }
}
