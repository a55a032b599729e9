package org.mixtureofmasks.checkpoint;

/**
 * How the elements of a stored tensor are encoded, little-endian. Block formats (GGUF's) pack
 * {@link #blockSize} elements into {@link #blockBytes} bytes.
 */
public enum DType {
  F64(1, 8),
  F32(1, 4),
  F16(1, 2),
  BF16(1, 2),
  I64(1, 8),
  I32(1, 4),
  I16(1, 2),
  I8(1, 1),
  U8(1, 1),
  BOOL(1, 1),
  /** Blocks of 32: an f16 scale, 32 signed bytes. */
  Q8_0(32, 34),
  /** Blocks of 32: an f16 scale, 16 bytes of two 4-bit values with an offset of 8. */
  Q4_0(32, 18),
  /** Blocks of 32: an f16 scale, an f16 minimum, 16 bytes of two 4-bit values. */
  Q4_1(32, 20);

  private final int blockSize;
  private final int blockBytes;

  DType(int blockSize, int blockBytes) {
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
  }

  /** Elements in a block; 1 for the plain types. */
  public int blockSize() {
    return blockSize;
  }

  /** Bytes of a block. */
  public int blockBytes() {
    return blockBytes;
  }
}
