package org.mixtureofmasks.format;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.function.Supplier;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * The tensors of one layer that a token reads to foresee its neurons. Made while one of them is
 * written; its projections are in memory then.
 *
 * @param gate intermediate_size x hidden_size
 * @param up intermediate_size x hidden_size
 * @param down hidden_size x intermediate_size
 * @param centres of the inputs
 */
record PreviewTensors(StoredTensor gate, StoredTensor up, StoredTensor down, float[] centres) {
  private Preview make() {
    Preview preview =
        Preview.of(
            Elements.toFloats(gate),
            Elements.toFloats(up),
            Preview.norms(Elements.toFloats(down), Math.toIntExact(m())),
            centres);
    for (float scale : preview.scales()) {
      if (!Float.isFinite(scale)) {
        throw new BadCheckpoint(
            gate.file(),
            gate.offset(),
            "tensor '%s', or those beside it, hold weights that are no finite numbers: only such have a preview"
                .formatted(gate.name()));
      }
    }
    return preview;
  }

  /** 2d x m/2 bytes. */
  TensorSource planes() {
    long rows = Preview.PLANES * d();
    long bytes = Preview.HALVES * m() / Preview.IN_BYTE;
    return new Made(
        DType.U8, List.of(rows, bytes), () -> TensorSource.ofBytes(make().planes(), rows, bytes));
  }

  /** d x 2 floats. */
  TensorSource scales() {
    return new Made(
        DType.F32,
        List.of(d(), (long) Preview.HALVES),
        () -> TensorSource.of(make().scales(), d(), Preview.HALVES));
  }

  /** 2m floats. */
  TensorSource base() {
    long count = Preview.HALVES * m();
    return new Made(DType.F32, List.of(count), () -> TensorSource.of(make().base(), count));
  }

  /** m x d/4 bytes. */
  TensorSource directions() {
    long bytes = d() / Preview.IN_BYTE;
    return new Made(
        DType.U8,
        List.of(m(), bytes),
        () -> {
          float[] weights = Elements.toFloats(down);
          float[] norms = Preview.norms(weights, Math.toIntExact(m()));
          return TensorSource.ofBytes(Directions.of(weights, norms), m(), bytes);
        });
  }

  private long d() {
    return down.shape().getFirst();
  }

  private long m() {
    return down.shape().getLast();
  }

  /** A tensor that exists while it is written. */
  private record Made(DType dtype, List<Long> shape, Supplier<TensorSource> source)
      implements TensorSource {
    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      source.get().writeTo(channel);
    }
  }
}
