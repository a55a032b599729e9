package org.mixtureofmasks.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.IntUnaryOperator;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.kernel.Matrix;

/**
 * Stored tensors as weights: F32 and BF16 that need no change stay in the mapped file; everything
 * else is converted once into memory of the arena.
 */
final class WeightSource {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Model.WeightType type;
  private final SegmentAllocator memory;
  private final boolean mapped;

  /**
   * @param memory for what cannot stay in the files
   * @param mapped whether what can stay there does
   */
  WeightSource(Model.WeightType type, SegmentAllocator memory, boolean mapped) {
    this.type = type;
    this.memory = memory;
    this.mapped = mapped;
  }

  /** A matrix in the wanted type. */
  Matrix matrix(StoredTensor tensor) {
    return matrix(tensor, rows(tensor), columns(tensor), null);
  }

  /** The same with its rows in another order: row r of the result is row order(r) of the file. */
  Matrix matrix(StoredTensor tensor, IntUnaryOperator order) {
    return matrix(tensor, rows(tensor), columns(tensor), order);
  }

  private static int rows(StoredTensor matrix) {
    return Math.toIntExact(matrix.shape().getFirst());
  }

  private static int columns(StoredTensor matrix) {
    return Math.toIntExact(matrix.shape().getLast());
  }

  /** A tensor of rows x columns elements, whatever its dimensions, as a matrix. */
  Matrix matrix(StoredTensor tensor, int rows, int columns, IntUnaryOperator order) {
    // AUTO keeps f32 and bf16 as they are. f16 and the quantised types become bf16: half the
    // memory to read for each token; whoever wants them exactly asks for F32.
    boolean f32 =
        type == Model.WeightType.F32 || type == Model.WeightType.AUTO && wide(tensor.dtype());
    return convert(tensor, rows, columns, order, f32);
  }

  private static boolean wide(DType dtype) {
    return dtype == DType.F32 || dtype == DType.F64;
  }

  /** A matrix that is f32 whatever type was asked for. */
  Matrix.F32 exact(StoredTensor tensor) {
    return (Matrix.F32) convert(tensor, rows(tensor), columns(tensor), null, true);
  }

  private MemorySegment copy(MemorySegment data) {
    return memory
        .allocate(Math.max(1, data.byteSize()), 64)
        .asSlice(0, data.byteSize())
        .copyFrom(data);
  }

  private Matrix convert(
      StoredTensor tensor, int rows, int columns, IntUnaryOperator order, boolean f32) {
    if (order == null && tensor.dtype() == (f32 ? DType.F32 : DType.BF16)) {
      MemorySegment data = mapped ? tensor.data() : copy(tensor.data());
      return f32 ? new Matrix.F32(data, rows, columns) : new Matrix.Bf16(data, rows, columns);
    }
    int size = f32 ? Float.BYTES : Short.BYTES;
    // Checked against the file already: a block of stored bytes holds at most 32 elements.
    MemorySegment data = memory.allocate(Math.max(1, (long) rows * columns * size), 64);
    data = data.asSlice(0, (long) rows * columns * size);
    float[] row = new float[columns];
    for (int r = 0; r < rows; r++) {
      int from = order == null ? r : order.applyAsInt(r);
      Elements.copyTo(tensor, (long) from * columns, row, 0, columns);
      long at = (long) r * columns * size;
      if (f32) {
        MemorySegment.copy(row, 0, data, FLOAT, at, columns);
      } else {
        for (int c = 0; c < columns; c++) {
          data.set(SHORT, at + 2L * c, Elements.bf16(row[c]));
        }
      }
    }
    return f32 ? new Matrix.F32(data, rows, columns) : new Matrix.Bf16(data, rows, columns);
  }
}
