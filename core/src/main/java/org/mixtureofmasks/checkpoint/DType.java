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
  /** Signed bytes, each times a scale that is kept apart. */
  INT8(1, 1),
  /** Words of eight 4-bit values with an offset of 8, each times a scale that is kept apart. */
  INT4(8, 4);

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
}
