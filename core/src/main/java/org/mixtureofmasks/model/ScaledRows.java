package org.mixtureofmasks.model;

import java.lang.foreign.MemorySegment;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.ScaledElements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.Int8;
import org.mixtureofmasks.kernel.Q4;

/**
 * Rows of tensors with scales of their own as rows of the kernels' formats, the same numbers and
 * not rounded again.
 */
final class ScaledRows {
  private final StoredTensor tensor;
  private final int columns;
  private final byte[] q;
  private final float[] stored; // scales of a row in the file
  private final float[] scales; // scales of a row in memory

  /**
   * @param tensor that {@link #fits} some format
   * @param columns of a row
   */
  ScaledRows(StoredTensor tensor, int columns) {
    this.tensor = tensor;
    this.columns = columns;
    q = new byte[columns];
    stored = new float[columns / ScaledElements.group(tensor)];
    scales = new float[Math.max(1, columns / Q4.BLOCK)];
  }

  /** Whether the format holds the very numbers of the tensor. */
  static boolean fits(StoredTensor tensor, Format format) {
    return switch (tensor.dtype()) {
      case INT8 -> format.equals(Int8.FORMAT) && scalesOfRow(tensor) == 1;
      case INT4 -> format.equals(Q4.FORMAT) && ScaledElements.group(tensor) % Q4.BLOCK == 0;
      default -> false;
    };
  }

  private static long scalesOfRow(StoredTensor tensor) {
    return tensor.shape().getLast() / ScaledElements.group(tensor);
  }

  /** Row {@code from} of the tensor to the row that begins at byte {@code row} of the data. */
  void copy(int from, MemorySegment data, long row) {
    ScaledElements.numbers(tensor, (long) from * columns, q, columns);
    StoredTensor factors = tensor.scales().orElseThrow();
    Elements.copyTo(factors, (long) from * stored.length, stored, 0, stored.length);
    if (tensor.dtype() == DType.INT8) {
      Int8.FORMAT.put(q, stored[0], data, row);
      return;
    }
    for (int b = 0; b < scales.length; b++) {
      scales[b] = stored[b * stored.length / scales.length];
    }
    Q4.FORMAT.put(q, scales, data, row);
  }
}
