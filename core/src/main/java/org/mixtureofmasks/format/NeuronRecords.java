package org.mixtureofmasks.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import org.mixtureofmasks.checkpoint.ConvertedTensor;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;

/**
 * The tensor {@code neurons} of one layer, [stored, 3, hidden_size]: of each neuron its gate row,
 * up row and down column, so that a token reads what it needs of a neuron in one piece. Made while
 * it is written; one layer's projections are in memory at a time.
 *
 * @param gate intermediate_size x hidden_size
 * @param up intermediate_size x hidden_size
 * @param down hidden_size x intermediate_size
 * @param order dense index of each stored neuron
 * @param dtype F32 or BF16
 */
record NeuronRecords(
    StoredTensor gate, StoredTensor up, StoredTensor down, int[] order, DType dtype)
    implements TensorSource {

  private int hiddenSize() {
    return Math.toIntExact(down.shape().getFirst());
  }

  @Override
  public List<Long> shape() {
    return List.of((long) order.length, 3L, (long) hiddenSize());
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    int d = hiddenSize();
    float[] columns = Elements.toFloats(down);
    int m = columns.length / d;
    float[] row = new float[3 * d];
    ByteBuffer bytes =
        ByteBuffer.allocate(row.length * dtype.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int j : order) {
      Elements.copyTo(gate, (long) j * d, row, 0, d);
      Elements.copyTo(up, (long) j * d, row, d, d);
      for (int i = 0; i < d; i++) {
        row[2 * d + i] = columns[i * m + j];
      }
      ConvertedTensor.write(row, bytes, dtype, channel);
    }
  }
}
