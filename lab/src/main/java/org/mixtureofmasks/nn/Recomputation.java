package org.mixtureofmasks.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A pass with gradients that keeps of each layer its input alone and computes the layer again when
 * its gradients are due (Chen et al. 2016, arXiv 1604.06174): one more forward pass for the memory
 * of one layer's activations instead of all. Operators and their order are those of {@link
 * DecoderModule#hidden}, and so are the gradients' bits.
 *
 * <p>The model's parts are the embedding, its layers and the final norm. Made and used within one
 * PointerScope, with gradients enabled; the feed-forward part must do the same both times.
 */
public final class Recomputation {
  /** The part that the embedding is; layer l is part l + 1. */
  public static final int EMBEDDING = 0;

  /** Is given gradients as they are found: from the last part of the model to the first. */
  @FunctionalInterface
  public interface Taker {
    /**
     * Within a PointerScope of the part: what is kept of it is copied or retained.
     *
     * @param part from 0 to {@link Recomputation#parts} - 1, each once
     * @param weights that have gradients; may be none
     * @param gradients by each of them
     */
    void take(int part, List<Tensor> weights, List<Tensor> gradients);
  }

  private final DecoderModule model;
  private final Tensor ids;
  private final DecoderModule.Rows rows;
  private final FeedForward ffn;

  /** By part, beyond all graphs: what goes into the next one. */
  private final List<Tensor> outputs = new ArrayList<>();

  /**
   * Runs the layers forward.
   *
   * @param ids batch x length, int64, length at most max_position_embeddings
   * @param ffn the feed-forward part of every layer
   */
  public Recomputation(DecoderModule model, Tensor ids, FeedForward ffn) {
    this.model = model;
    this.ids = ids;
    this.rows = model.rows(ids);
    this.ffn = ffn;
    for (int part = EMBEDDING; part < parts(model); part++) {
      int current = part;
      outputs.add(Tensors.only(() -> leaf(output(current))));
    }
  }

  /** How many parts a model has. */
  public static int parts(DecoderModule model) {
    return model.config().layers() + 2;
  }

  /** What {@link DecoderModule#hidden} gives, without its graph. */
  public Tensor hidden() {
    return outputs.getLast();
  }

  /**
   * Finds the gradients of all weights but the output projection.
   *
   * @param byHidden gradient by {@link #hidden}
   */
  public void differentiate(Tensor byHidden, Taker taker) {
    Tensor by = byHidden;
    for (int part = parts(model) - 1; part >= EMBEDDING; part--) {
      int current = part;
      Tensor byOutput = by;
      by = Tensors.only(() -> back(current, byOutput, taker));
    }
  }

  /** With the graph of this part alone. */
  private Tensor output(int part) {
    if (part == EMBEDDING) {
      return model.embed(ids);
    }
    Tensor input = outputs.get(part - 1);
    return part == parts(model) - 1 ? model.last(input) : model.layer(part - 1, input, rows, ffn);
  }

  private static Tensor leaf(Tensor t) {
    Tensor leaf = t.detach();
    leaf.set_requires_grad(t.requires_grad());
    return leaf;
  }

  /** Gradient by the part's input; undefined if nothing before it learns. */
  private Tensor back(int part, Tensor byOutput, Taker taker) {
    List<Tensor> weights = weights(part).stream().filter(Tensor::requires_grad).toList();
    TensorVector by = new TensorVector(weights.toArray(Tensor[]::new));
    boolean goesOn = part > EMBEDDING && outputs.get(part - 1).requires_grad();
    if (goesOn) {
      by.push_back(outputs.get(part - 1));
    }
    if (by.empty()) {
      taker.take(part, List.of(), List.of());
      return new Tensor();
    }
    TensorVector found =
        torch.grad(
            new TensorVector(output(part)),
            by,
            new TensorVector(byOutput),
            new BoolOptional(),
            false,
            true);
    // What get gives dies with the vector.
    List<Tensor> gradients =
        LongStream.range(0, found.size()).mapToObj(i -> new Tensor(found.get(i))).toList();
    taker.take(part, weights, gradients.subList(0, weights.size()));
    return goesOn ? gradients.getLast() : new Tensor();
  }

  private List<Tensor> weights(int part) {
    if (part == EMBEDDING) {
      return List.of(model.embedding());
    }
    return part == parts(model) - 1 ? List.of(model.finalNorm()) : model.weights(part - 1);
  }
}
