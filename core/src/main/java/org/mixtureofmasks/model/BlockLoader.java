package org.mixtureofmasks.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.kernel.Matrix;

/**
 * Reads experts that lie one after the other in flat tensors, each with only the inputs and neurons
 * that it keeps (docs/file-formats.md, "Input masks").
 */
final class BlockLoader {
  private final WeightSource source;
  private final int d;
  private final int m;

  BlockLoader(WeightSource source, ModelConfig config) {
    this.source = source;
    this.d = config.hiddenSize();
    this.m = config.intermediateSize();
  }

  /**
   * @throws BadCheckpoint if a size is out of range or the tensors are shorter or longer than the
   *     experts
   */
  FeedForward.Blocks load(String prefix, Router router) {
    StoredTensor sizes = source.tensor(prefix + "experts.sizes", router.experts(), 2);
    int[] size = Elements.toInts(sizes);
    Flat inputs = new Flat(flat(prefix + "experts.inputs"));
    Flat gateUp = new Flat(flat(prefix + "experts.gate_up"));
    Flat down = new Flat(flat(prefix + "experts.down"));
    int[] all = Elements.toInts(inputs.tensor);
    List<FeedForward.Block> blocks = new ArrayList<>();
    for (int e = 0; e < router.experts(); e++) {
      int in = size[2 * e];
      int mid = size[2 * e + 1];
      if (in < 0 || in > d || mid < 0 || mid > m || (in == 0) != (mid == 0)) {
        throw bad(sizes, "expert " + e + " has " + in + " inputs and " + mid + " neurons");
      }
      int at = Math.toIntExact(inputs.take(in, e).start);
      int[] kept = Arrays.copyOfRange(all, at, at + in);
      check(kept, e, inputs.tensor);
      Matrix gate = gateUp.take((long) mid * in, e).matrix(mid, in);
      Matrix up = gateUp.take((long) mid * in, e).matrix(mid, in);
      Matrix back = down.take((long) d * mid, e).matrix(d, mid);
      blocks.add(new FeedForward.Block(kept, new FeedForward.Dense(gate, up, back)));
    }
    inputs.end();
    gateUp.end();
    down.end();
    return new FeedForward.Blocks(router, blocks);
  }

  private StoredTensor flat(String name) {
    return source.tensor(name, source.anyLength(name));
  }

  private void check(int[] inputs, int expert, StoredTensor tensor) {
    int last = -1;
    for (int c : inputs) {
      if (c <= last || c >= d) {
        throw bad(tensor, "the inputs of expert " + expert + " are not ascending and below " + d);
      }
      last = c;
    }
  }

  private static BadCheckpoint bad(StoredTensor tensor, String reason) {
    return new BadCheckpoint(
        tensor.file(), tensor.offset(), "tensor '" + tensor.name() + "': " + reason);
  }

  /** A flat tensor that is taken piece by piece. */
  private final class Flat {
    private final StoredTensor tensor;
    private long start;
    private long end;

    Flat(StoredTensor tensor) {
      this.tensor = tensor;
    }

    /** The next {@code elements} of it. */
    Flat take(long elements, int expert) {
      if (elements > tensor.elements() - end) {
        throw bad(tensor, "ends within expert " + expert);
      }
      start = end;
      end += elements;
      return this;
    }

    Matrix matrix(int rows, int columns) {
      long bytes = tensor.dtype().blockBytes();
      StoredTensor piece =
          new StoredTensor(
              tensor.name(),
              tensor.dtype(),
              List.of((long) rows, (long) columns),
              tensor.data().asSlice(start * bytes, (end - start) * bytes),
              tensor.file(),
              tensor.offset() + start * bytes);
      return source.matrix(piece, rows, columns, null);
    }

    void end() {
      if (end != tensor.elements()) {
        throw bad(tensor, "has " + tensor.elements() + " elements, its experts only " + end);
      }
    }
  }
}
