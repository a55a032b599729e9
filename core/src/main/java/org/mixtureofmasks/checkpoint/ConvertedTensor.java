package org.mixtureofmasks.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.io.Channels;

/**
 * A stored tensor in another float type or with its rows in another order, converted row by row
 * while it is written; its checkpoint must stay open until then.
 *
 * @param tensor any float type, dequantised where it has to be
 * @param dtype F32 or BF16, rounded to the nearest
 * @param order row r of the result is row order(r) of the tensor; null keeps them
 */
public record ConvertedTensor(StoredTensor tensor, DType dtype, @Nullable IntUnaryOperator order)
    implements TensorSource {

  @Override
  public List<Long> shape() {
    return tensor.shape();
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    if (order == null && tensor.dtype() == dtype) {
      TensorSource.of(tensor).writeTo(channel);
      return;
    }
    if (tensor.elements() == 0) {
      return;
    }
    int columns = Math.toIntExact(tensor.shape().getLast());
    int rows = Math.toIntExact(tensor.elements() / columns);
    float[] row = new float[columns];
    ByteBuffer bytes =
        ByteBuffer.allocate(columns * dtype.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int r = 0; r < rows; r++) {
      int from = order == null ? r : order.applyAsInt(r);
      Elements.copyTo(tensor, (long) from * columns, row, 0, columns);
      write(row, bytes, dtype, channel);
    }
  }

  /**
   * Encodes some values as F32 or BF16 and writes them whole.
   *
   * @param values written whole
   * @param bytes room for them, little-endian
   * @param dtype F32 or BF16, rounded to the nearest
   * @param channel where to
   * @throws IOException if the channel fails
   */
  public static void write(
      float[] values, ByteBuffer bytes, DType dtype, WritableByteChannel channel)
      throws IOException {
    bytes.clear();
    for (float v : values) {
      if (dtype == DType.BF16) {
        bytes.putShort(Elements.bf16(v));
      } else {
        bytes.putFloat(v);
      }
    }
    Channels.writeFully(channel, bytes.flip());
  }
}
