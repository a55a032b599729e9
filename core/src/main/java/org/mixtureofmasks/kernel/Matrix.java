package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;

/**
 * A row-major matrix of weights in native or mapped memory, little-endian, read-only by convention.
 * It owns nothing: whoever made it keeps its memory alive. Where it lies may change while it is
 * used, what it holds does not.
 */
public final class Matrix {
  private volatile MemorySegment data;
  private final int rows;
  private final int columns;
  private final Format format;

  /**
   * @param data rows x {@link Format#rowBytes} bytes
   * @param rows outputs of a product
   * @param columns inputs of a product
   * @param format how rows are stored
   * @throws IllegalArgumentException if the data are of another length or not native
   * @throws org.mixtureofmasks.UserError if the format has no rows of so many columns
   */
  public Matrix(MemorySegment data, int rows, int columns, Format format) {
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
    this.data = data;
    this.rows = rows;
    this.columns = columns;
    this.format = format;
  }

  /** Where it lies: rows x {@link Format#rowBytes} bytes. */
  public MemorySegment data() {
    return data;
  }

  /** Outputs of a product. */
  public int rows() {
    return rows;
  }

  /** Inputs of a product. */
  public int columns() {
    return columns;
  }

  /** How rows are stored. */
  public Format format() {
    return format;
  }

  /**
   * Copies it to another place, where whoever asks from now on finds it. The old one must stay
   * readable: a kernel may be at work there.
   *
   * @param place of its bytes, in native memory
   */
  public void moveTo(MemorySegment place) {
    data = place.copyFrom(data);
  }

  /** The element as a float, exactly. */
  public float get(int row, int column) {
    return format.get(data, row * format.rowBytes(columns), column, columns);
  }

  /** Writes row {@code row} as floats to y[yOffset ...], in plain order. */
  public void row(int row, float[] y, int yOffset) {
    long at = row * format.rowBytes(columns);
    MemorySegment from = data;
    for (int c = 0; c < columns; c++) {
      y[yOffset + c] = format.get(from, at, c, columns);
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
