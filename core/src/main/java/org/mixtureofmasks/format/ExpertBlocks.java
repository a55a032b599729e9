package org.mixtureofmasks.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.ToLongFunction;
import org.mixtureofmasks.checkpoint.ConvertedTensor;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;

/**
 * The experts of one layer with input masks: each a small dense FFN of only the inputs and neurons
 * that it keeps, one after the other in flat tensors, so that what is masked is not read. Made
 * while it is written; one layer's projections are in memory at a time.
 *
 * @param gate intermediate_size x hidden_size
 * @param up intermediate_size x hidden_size
 * @param down hidden_size x intermediate_size
 * @param experts what each keeps
 * @param dtype F32 or BF16
 */
record ExpertBlocks(
    StoredTensor gate, StoredTensor up, StoredTensor down, List<Kept> experts, DType dtype) {

  /**
   * What an expert keeps; both lists are empty or neither is.
   *
   * @param inputs elements of x, ascending
   * @param neurons dense indices, in the order in which they are stored
   */
  record Kept(int[] inputs, int[] neurons) {}

  /** The tensors that docs/file-formats.md lists under "Input masks". */
  SequencedMap<String, TensorSource> tensors(String prefix) {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    int[] sizes = new int[2 * experts.size()];
    for (int e = 0; e < experts.size(); e++) {
      sizes[2 * e] = experts.get(e).inputs.length;
      sizes[2 * e + 1] = experts.get(e).neurons.length;
    }
    int[] inputs = experts.stream().flatMapToInt(k -> Arrays.stream(k.inputs)).toArray();
    tensors.put(prefix + SparseNames.SIZES, TensorSource.ofInts(sizes, experts.size(), 2));
    tensors.put(prefix + SparseNames.INPUTS, TensorSource.ofInts(inputs, inputs.length));
    tensors.put(prefix + SparseNames.GATE_UP, new GateUp(this));
    tensors.put(prefix + SparseNames.DOWN, new Down(this));
    return tensors;
  }

  /** Bytes of all of them. */
  long byteSize() {
    return tensors("").values().stream().mapToLong(TensorSource::byteSize).sum();
  }

  private int hiddenSize() {
    return Math.toIntExact(down.shape().getFirst());
  }

  private List<Long> length(ToLongFunction<Kept> ofExpert) {
    return List.of(experts.stream().mapToLong(ofExpert).sum());
  }

  private void write(float[] row, WritableByteChannel channel) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(row.length * dtype.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
    ConvertedTensor.write(row, bytes, dtype, channel);
  }

  /** For each expert its gate rows, then its up rows, of the inputs that it keeps. */
  private record GateUp(ExpertBlocks of) implements TensorSource {
    @Override
    public DType dtype() {
      return of.dtype;
    }

    @Override
    public List<Long> shape() {
      return of.length(k -> 2L * k.neurons.length * k.inputs.length);
    }

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      int d = of.hiddenSize();
      float[] row = new float[d];
      for (Kept kept : of.experts) {
        float[] some = new float[kept.inputs.length];
        for (StoredTensor projection : List.of(of.gate, of.up)) {
          for (int j : kept.neurons) {
            Elements.copyTo(projection, (long) j * d, row, 0, d);
            for (int c = 0; c < some.length; c++) {
              some[c] = row[kept.inputs[c]];
            }
            of.write(some, channel);
          }
        }
      }
    }
  }

  /** For each expert the hidden_size rows of its down projection, of the neurons that it keeps. */
  private record Down(ExpertBlocks of) implements TensorSource {
    @Override
    public DType dtype() {
      return of.dtype;
    }

    @Override
    public List<Long> shape() {
      return of.length(k -> (long) of.hiddenSize() * k.neurons.length);
    }

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      float[] all = Elements.toFloats(of.down);
      int m = all.length / of.hiddenSize();
      for (Kept kept : of.experts) {
        float[] some = new float[kept.neurons.length];
        for (int r = 0; r < of.hiddenSize() && some.length > 0; r++) {
          for (int i = 0; i < some.length; i++) {
            some[i] = all[r * m + kept.neurons[i]];
          }
          of.write(some, channel);
        }
      }
    }
  }
}
