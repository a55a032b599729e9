package org.mixtureofmasks.compile;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;

/** A stored tensor in another float type, converted piece by piece while it is written. */
record Converted(StoredTensor tensor, DType dtype) implements TensorSource {
  private static final int PIECE = 1 << 16;

  @Override
  public List<Long> shape() {
    return tensor.shape();
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    if (tensor.dtype() == dtype) {
      TensorSource.of(tensor).writeTo(channel);
      return;
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(PIECE * dtype.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (long at = 0; at < tensor.elements(); at += PIECE) {
      float[] piece = new float[(int) Math.min(PIECE, tensor.elements() - at)];
      Elements.copyTo(tensor, at, piece, 0, piece.length);
      NeuronRecords.write(piece, bytes, dtype, channel);
    }
  }
}
