package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;

/**
 * A row-major matrix of weights in native or mapped memory, little-endian, read-only by convention.
 * It owns nothing: whoever made it keeps its memory alive.
 *
 * @param data rows x {@link Format#rowBytes} bytes
 * @param rows outputs of a product
 * @param columns inputs of a product
 * @param format how rows are stored
 */
public record Matrix(MemorySegment data, int rows, int columns, Format format) {
  /**
   * @throws IllegalArgumentException if the data are of another length or not native
   * @throws org.mixtureofmasks.UserError if the format has no rows of so many columns
   */
  public Matrix {
    if (rows < 0 || columns < 0) {
      throw new IllegalArgumentException("a matrix of %d x %d".formatted(rows, columns));
    }
    long bytes = Math.multiplyExact(rows, format.rowBytes(columns));
    if (data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "%d bytes are no %d x %d matrix of %d (%s)"
              .formatted(data.byteSize(), rows, columns, bytes, format.name()));
    }
    // Heap segments would make every access of the kernels megamorphic: several times slower.
    if (!data.isNative()) {
      throw new IllegalArgumentException("weights must lie in native or mapped memory");
    }
  }

  /** The element as a float, exactly. */
  public float get(int row, int column) {
    return format.get(data, row * format.rowBytes(columns), column, columns);
  }

  /** Writes row {@code row} as floats to y[yOffset ...], in plain order. */
  public void row(int row, float[] y, int yOffset) {
    long at = row * format.rowBytes(columns);
    for (int c = 0; c < columns; c++) {
      y[yOffset + c] = format.get(data, at, c, columns);
    }
  }

  /** Bytes of the whole matrix. */
  public long bytes() {
    return data.byteSize();
  }

  /** Weights of the whole matrix, rows x columns. */
  public long elements() {
    return (long) rows * columns;
  }
}
