package org.mixtureofmasks.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SequencedMap;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.TensorSource;

/**
 * Weights that are rounded, in memory, to be stored as compressed-tensors does it. Rows are put one
 * by one, in any order and from any thread.
 */
public final class QuantisedTensor {
  private static final int OFFSET = 8;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final DType dtype;
  private final List<Long> shape;
  private final int columns;
  private final int scalesOfRow;
  private final byte[] bytes;
  private final float[] scales;

  /**
   * Makes room for a tensor.
   *
   * @param dtype INT8, one scale for each row, or INT4, one for each block of a row
   * @param shape outermost dimension first; rows are the last one
   * @param block weights that share a scale; of INT8 those of a row. Rows are whole blocks
   */
  public QuantisedTensor(DType dtype, List<Long> shape, int block) {
    this.dtype = dtype;
    this.shape = List.copyOf(shape);
    this.columns = Math.toIntExact(shape.getLast());
    this.scalesOfRow = columns / block;
    long weights = shape.stream().reduce(1L, Math::multiplyExact);
    bytes = new byte[Math.toIntExact(dtype == DType.INT4 ? weights / 2 : weights)];
    scales = new float[Math.toIntExact(weights / block)];
  }

  /** {@return INT8 or INT4} */
  public DType dtype() {
    return dtype;
  }

  /**
   * Stores a row.
   *
   * @param row its number
   * @param q whole numbers, signed
   * @param factors what they are multiplied by, numbers that bfloat16 holds
   */
  public void put(int row, byte[] q, float[] factors) {
    System.arraycopy(factors, 0, scales, row * scalesOfRow, scalesOfRow);
    if (dtype == DType.INT8) {
      System.arraycopy(q, 0, bytes, row * columns, columns);
      return;
    }
    int at = row * (columns / 2);
    for (int c = 0; c < columns; c += 2) {
      bytes[at + c / 2] = (byte) (q[c] + OFFSET | q[c + 1] + OFFSET << 4);
    }
  }

  /**
   * Adds the stored tensors of this one.
   *
   * @param name as it was before it was rounded
   * @param tensors of a file
   */
  void addTo(SequencedMap<String, TensorSource> tensors, String name) {
    MemorySegment data = MemorySegment.ofArray(bytes);
    if (dtype == DType.INT8) {
      tensors.put(name, TensorSource.of(data, DType.I8, dimensions(columns)));
    } else {
      long words = columns / (long) DType.INT4.blockSize();
      tensors.put(name + "_packed", TensorSource.of(data, DType.I32, dimensions(words)));
      tensors.put(name + "_shape", shapeTensor());
    }
    tensors.put(name + "_scale", scaleTensor());
  }

  /** Its scales alone. */
  TensorSource scaleTensor() {
    return TensorSource.ofBf16(scales, dimensions(scalesOfRow));
  }

  private long[] dimensions(long last) {
    long[] dimensions = shape.stream().mapToLong(Long::longValue).toArray();
    dimensions[dimensions.length - 1] = last;
    return dimensions;
  }

  private TensorSource shapeTensor() {
    MemorySegment numbers = MemorySegment.ofArray(new byte[Long.BYTES * shape.size()]);
    for (int i = 0; i < shape.size(); i++) {
      numbers.set(LONG, (long) Long.BYTES * i, shape.get(i));
    }
    return TensorSource.of(numbers, DType.I64, shape.size());
  }
}
