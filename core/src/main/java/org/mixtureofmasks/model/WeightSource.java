package org.mixtureofmasks.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.kernel.F16;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.Matrix;

/**
 * Stored tensors as weights: what is stored as the format that is wanted stays in the mapped file;
 * everything else is converted once into memory of the arena.
 */
final class WeightSource {
  private final WeightFormats formats;
  private final SegmentAllocator memory;
  private final boolean mapped;

  /**
   * @param formats what matrices are kept in
   * @param memory for what cannot stay in the files
   * @param mapped whether what can stay there does
   */
  WeightSource(WeightFormats formats, SegmentAllocator memory, boolean mapped) {
    this.formats = formats;
    this.memory = memory;
    this.mapped = mapped;
  }

  /** A matrix in the wanted type. */
  Matrix matrix(StoredTensor tensor) {
    return matrix(tensor, rows(tensor), columns(tensor), null);
  }

  /** A matrix with its rows in another order: row r is row order(r) of the file; null: r. */
  Matrix matrix(StoredTensor tensor, @Nullable IntUnaryOperator order) {
    return matrix(tensor, rows(tensor), columns(tensor), order);
  }

  private static int rows(StoredTensor matrix) {
    return Math.toIntExact(matrix.shape().getFirst());
  }

  private static int columns(StoredTensor matrix) {
    return Math.toIntExact(matrix.shape().getLast());
  }

  /** A tensor of rows x columns elements, whatever its dimensions, as a matrix. */
  Matrix matrix(StoredTensor tensor, int rows, int columns, @Nullable IntUnaryOperator order) {
    Format format = formats.of(tensor.dtype(), columns);
    if (format.equals(F16.FORMAT) && !F16.isFinite(tensor.data())) {
      format = F32.FORMAT; // broken weights are to show as what they are
    }
    return convert(tensor, rows, columns, order, format);
  }

  /** A matrix that is f32 whatever formats are wanted. */
  Matrix exact(StoredTensor tensor) {
    return convert(tensor, rows(tensor), columns(tensor), null, F32.FORMAT);
  }

  private MemorySegment copy(MemorySegment data) {
    return memory
        .allocate(Math.max(1, data.byteSize()), 64)
        .asSlice(0, data.byteSize())
        .copyFrom(data);
  }

  private Matrix convert(
      StoredTensor tensor, int rows, int columns, @Nullable IntUnaryOperator order, Format format) {
    if (order == null && format.isStoredAs(tensor.dtype().name())) {
      MemorySegment stored = mapped ? tensor.data() : copy(tensor.data());
      return new Matrix(stored, rows, columns, format);
    }
    // Checked against the file already: of every type, a few elements at most share a byte.
    long rowBytes = format.rowBytes(columns);
    long bytes = Math.multiplyExact(rows, rowBytes);
    MemorySegment data = memory.allocate(Math.max(1, bytes), 64).asSlice(0, bytes);
    boolean whole = format.isStoredAs(tensor.dtype().name());
    float[] row = new float[columns];
    for (int r = 0; r < rows; r++) {
      int from = order == null ? r : order.applyAsInt(r);
      if (whole) { // rows change places as the bytes that they are
        MemorySegment.copy(tensor.data(), from * rowBytes, data, r * rowBytes, rowBytes);
      } else {
        Elements.copyTo(tensor, (long) from * columns, row, 0, columns);
        format.put(row, data, r * rowBytes);
      }
    }
    return new Matrix(data, rows, columns, format);
  }
}
