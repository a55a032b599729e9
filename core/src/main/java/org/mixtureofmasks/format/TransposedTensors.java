package org.mixtureofmasks.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.checkpoint.ConvertedTensor;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;

/**
 * Matrices of as many columns, transposed and side by side: row i is column i of the first one,
 * then of the next. Made while it is written; they are in memory together then.
 *
 * @param matrices of as many rows and columns each, in any float type
 * @param dtype F32 or BF16
 */
record TransposedTensors(List<StoredTensor> matrices, DType dtype) implements TensorSource {
  private int rows() {
    return Math.toIntExact(matrices.getFirst().shape().getFirst());
  }

  private int columns() {
    return Math.toIntExact(matrices.getFirst().shape().getLast());
  }

  @Override
  public List<Long> shape() {
    return List.of((long) columns(), (long) matrices.size() * rows());
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    List<float[]> all = new ArrayList<>();
    matrices.forEach(matrix -> all.add(Elements.toFloats(matrix)));
    int rows = rows();
    int columns = columns();
    float[] record = new float[matrices.size() * rows];
    ByteBuffer bytes =
        ByteBuffer.allocate(record.length * dtype.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < columns; i++) {
      for (int r = 0; r < record.length; r++) {
        record[r] = all.get(r / rows)[r % rows * columns + i];
      }
      ConvertedTensor.write(record, bytes, dtype, channel);
    }
  }
}
