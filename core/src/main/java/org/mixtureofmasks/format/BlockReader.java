package org.mixtureofmasks.format;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * Reads experts that lie one after the other in flat tensors, each with only the inputs and neurons
 * that it keeps (docs/file-formats.md, "Input masks").
 */
final class BlockReader {
  private final NamedTensors tensors;
  private final int d;
  private final int m;

  BlockReader(NamedTensors tensors, ModelConfig config) {
    this.tensors = tensors;
    this.d = config.hiddenSize();
    this.m = config.intermediateSize();
  }

  /**
   * @param prefix of the layer's FFN tensors
   * @throws BadCheckpoint if a size is out of range or the tensors are shorter or longer than the
   *     experts
   */
  List<StoredExperts.Block> read(String prefix, int experts) {
    StoredTensor sizes = tensors.get(prefix + SparseNames.SIZES, experts, 2);
    int[] size = Elements.toInts(sizes);
    Flat inputs = new Flat(prefix + SparseNames.INPUTS);
    Flat gateUp = new Flat(prefix + SparseNames.GATE_UP);
    Flat down = new Flat(prefix + SparseNames.DOWN);
    int[] all = Elements.toInts(inputs.tensor);
    List<StoredExperts.Block> blocks = new ArrayList<>();
    for (int e = 0; e < experts; e++) {
      int in = size[2 * e];
      int mid = size[2 * e + 1];
      if (in < 0 || in > d || mid < 0 || mid > m || (in == 0) != (mid == 0)) {
        throw bad(sizes, "expert %d has %d inputs and %d neurons".formatted(e, in, mid));
      }
      int at = Math.toIntExact(inputs.end);
      inputs.take(1, in, e);
      int[] kept = Arrays.copyOfRange(all, at, at + in);
      check(kept, e, inputs.tensor);
      blocks.add(
          new StoredExperts.Block(
              kept, gateUp.take(mid, in, e), gateUp.take(mid, in, e), down.take(d, mid, e)));
    }
    inputs.end();
    gateUp.end();
    down.end();
    return blocks;
  }

  private void check(int[] inputs, int expert, StoredTensor tensor) {
    int last = -1;
    for (int c : inputs) {
      if (c <= last || c >= d) {
        throw bad(
            tensor, "the inputs of expert %d are not ascending and below %d".formatted(expert, d));
      }
      last = c;
    }
  }

  private static BadCheckpoint bad(StoredTensor tensor, String reason) {
    return new BadCheckpoint(
        tensor.file(), tensor.offset(), "tensor '%s': %s".formatted(tensor.name(), reason));
  }

  /** A flat tensor that is taken piece by piece. */
  private final class Flat {
    private final StoredTensor tensor;
    private long end;

    Flat(String name) {
      this.tensor = tensors.get(name, tensors.anyLength(name));
    }

    /** The next rows x columns elements of it. */
    StoredTensor take(int rows, int columns, int expert) {
      long elements = (long) rows * columns;
      if (elements > tensor.elements() - end) {
        throw bad(tensor, "ends within expert %d".formatted(expert));
      }
      long bytes = tensor.dtype().blockBytes();
      long start = end * bytes;
      end += elements;
      return new StoredTensor(
          tensor.name(),
          tensor.dtype(),
          List.of((long) rows, (long) columns),
          tensor.data().asSlice(start, elements * bytes),
          tensor.file(),
          tensor.offset() + start);
    }

    void end() {
      if (end != tensor.elements()) {
        throw bad(tensor, "has %d elements, its experts only %d".formatted(tensor.elements(), end));
      }
    }
  }
}
