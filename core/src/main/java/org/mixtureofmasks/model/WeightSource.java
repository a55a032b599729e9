package org.mixtureofmasks.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.NamedTensors;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.Matrix;

/**
 * Stored tensors as weights: what is stored as the format that is wanted stays in the mapped file;
 * everything else is converted once into memory of the arena.
 */
public final class WeightSource {
  private final NamedTensors tensors;
  private final Function<DType, Format> formats;
  private final SegmentAllocator memory;
  private final boolean mapped;

  /**
   * @param formats what a matrix that is stored so is kept in
   * @param memory for what cannot stay in the files
   * @param mapped whether what can stay there does
   */
  public WeightSource(
      Path path,
      Map<String, StoredTensor> tensors,
      Function<DType, Format> formats,
      SegmentAllocator memory,
      boolean mapped) {
    this.tensors = new NamedTensors(path, tensors);
    this.formats = formats;
    this.memory = memory;
    this.mapped = mapped;
  }

  /**
   * The tensor of that name.
   *
   * @throws org.mixtureofmasks.io.BadCheckpoint if there is none or its shape is another
   */
  public StoredTensor tensor(String name, long... shape) {
    return tensors.get(name, shape);
  }

  /** The first dimension that a tensor has, for {@link #tensor} when any will do. */
  long anyLength(String name) {
    return tensors.anyLength(name);
  }

  /** A vector of floats, such as a norm's weight. */
  float[] vector(String name, int length) {
    return Elements.toFloats(tensor(name, length));
  }

  /** A rows x columns matrix in the wanted type. */
  Matrix matrix(String name, int rows, int columns) {
    return matrix(tensor(name, rows, columns), rows, columns, null);
  }

  /** The same with its rows in another order: row r of the result is row order(r) of the file. */
  Matrix matrix(String name, int rows, int columns, IntUnaryOperator order) {
    return matrix(tensor(name, rows, columns), rows, columns, order);
  }

  /** A tensor of rows x columns elements, whatever its dimensions, as a matrix. */
  Matrix matrix(StoredTensor tensor, int rows, int columns, IntUnaryOperator order) {
    return convert(tensor, rows, columns, order, formats.apply(tensor.dtype()));
  }

  /** A matrix that is f32 whatever formats are wanted. */
  Matrix exact(String name, int rows, int columns) {
    return convert(tensor(name, rows, columns), rows, columns, null, F32.FORMAT);
  }

  private MemorySegment copy(MemorySegment data) {
    return memory
        .allocate(Math.max(1, data.byteSize()), 64)
        .asSlice(0, data.byteSize())
        .copyFrom(data);
  }

  private Matrix convert(
      StoredTensor tensor, int rows, int columns, IntUnaryOperator order, Format format) {
    if (order == null && format.isStoredAs(tensor.dtype().name())) {
      MemorySegment stored = mapped ? tensor.data() : copy(tensor.data());
      return new Matrix(stored, rows, columns, format);
    }
    // Checked against the file already: a block of stored bytes holds at most 32 elements.
    long rowBytes = format.rowBytes(columns);
    long bytes = Math.multiplyExact(rows, rowBytes);
    MemorySegment data = memory.allocate(Math.max(1, bytes), 64).asSlice(0, bytes);
    float[] row = new float[columns];
    for (int r = 0; r < rows; r++) {
      int from = order == null ? r : order.applyAsInt(r);
      Elements.copyTo(tensor, (long) from * columns, row, 0, columns);
      format.put(row, data, r * rowBytes);
    }
    return new Matrix(data, rows, columns, format);
  }
}
