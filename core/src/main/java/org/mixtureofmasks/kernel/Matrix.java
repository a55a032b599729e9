package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A row-major matrix of weights in native or mapped memory, little-endian, read-only by convention.
 * It owns nothing: whoever made it keeps its memory alive.
 *
 * <p><b>Order of activations.</b> A 32-bit lane of bf16 weights holds two neighbours: the even
 * element in its low half, the odd one in its high half. Kernels widen both in place (one shift,
 * one mask), so they want the activations of a bf16 matrix <em>split</em>: first all even elements,
 * then all odd ones ({@link Kernels#split}). Activations of an f32 matrix stay as they are.
 */
public sealed interface Matrix {
  /** Rows, the outputs of a product. */
  int rows();

  /** Columns, the inputs of a product. */
  int columns();

  /** rows x columns elements. */
  MemorySegment data();

  /** Bytes of one element. */
  int elementBytes();

  /** The element as a float, exactly. */
  float get(int row, int column);

  /** Bytes of the whole matrix. */
  default long bytes() {
    return (long) rows() * columns() * elementBytes();
  }

  /** Writes row {@code row} as floats to y[yOffset ...]. */
  default void row(int row, float[] y, int yOffset) {
    for (int c = 0; c < columns(); c++) {
      y[yOffset + c] = get(row, c);
    }
  }

  /** Whether kernels want the activations split. */
  boolean splits();

  /** A matrix of 32-bit floats. */
  record F32(MemorySegment data, int rows, int columns) implements Matrix {
    private static final ValueLayout.OfFloat FLOAT =
        ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public F32 {
      check(data, rows, columns, Float.BYTES);
    }

    @Override
    public int elementBytes() {
      return Float.BYTES;
    }

    @Override
    public float get(int row, int column) {
      return data.get(FLOAT, ((long) row * columns + column) * Float.BYTES);
    }

    @Override
    public boolean splits() {
      return false;
    }
  }

  /** A matrix of brain floats. */
  record Bf16(MemorySegment data, int rows, int columns) implements Matrix {
    private static final ValueLayout.OfShort SHORT =
        ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public Bf16 {
      check(data, rows, columns, Short.BYTES);
    }

    @Override
    public int elementBytes() {
      return Short.BYTES;
    }

    @Override
    public float get(int row, int column) {
      return widen(data.get(SHORT, ((long) row * columns + column) * Short.BYTES));
    }

    /** A brain float is the upper half of a float. */
    static float widen(short bits) {
      return Float.intBitsToFloat(bits << 16);
    }

    @Override
    public boolean splits() {
      return true;
    }
  }

  private static void check(MemorySegment data, int rows, int columns, int elementBytes) {
    long bytes = Math.multiplyExact((long) rows * columns, (long) elementBytes);
    if (rows < 0 || columns < 0 || data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          data.byteSize() + " bytes are no " + rows + " x " + columns + " matrix of " + bytes);
    }
    // Heap segments would make every access of the kernels megamorphic: several times slower.
    if (!data.isNative()) {
      throw new IllegalArgumentException("weights must lie in native or mapped memory");
    }
  }
}
