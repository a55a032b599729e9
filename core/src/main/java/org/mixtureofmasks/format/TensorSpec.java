package org.mixtureofmasks.format;

import java.util.List;
import org.mixtureofmasks.checkpoint.Checkpoint;

/**
 * A tensor that models of a family have: one line of the family's table, which the engine, the
 * trainer and every writer share.
 *
 * @param role what it is for
 * @param layer from 0; {@link #NO_LAYER} outside of layers
 * @param name Hugging Face's name; the one by which this project's own files and errors call it
 * @param ggufName GGUF's name
 * @param llama2cName llama2.c's name, there of one tensor that holds all layers
 * @param shape row-major, outermost dimension first
 * @param rotary whether its rows are turned by positions: GGUF and llama2.c turn neighbouring rows
 *     (2i, 2i + 1) of a head, Hugging Face and this project rows (i, i + head_dim / 2)
 * @param tied whether it is another tensor over again: it need not be stored and is never read
 */
public record TensorSpec(
    Role role,
    int layer,
    String name,
    String ggufName,
    String llama2cName,
    List<Long> shape,
    boolean rotary,
    boolean tied) {
  /** The layer of tensors outside of layers. */
  public static final int NO_LAYER = -1;

  /** What a tensor is for; d is hidden_size, m intermediate_size. */
  public enum Role {
    /** Rows of tokens: vocab_size x d. */
    EMBEDDING,
    /** Factors of the RMS norm before attention: d. */
    ATTENTION_NORM,
    /** Query projection: (heads · head_dim) x d. */
    QUERY,
    /** Key projection: (kv_heads · head_dim) x d. */
    KEY,
    /** Value projection: (kv_heads · head_dim) x d. */
    VALUE,
    /** Projection of what attention gives: d x (heads · head_dim). */
    ATTENTION_OUTPUT,
    /** Factors of the RMS norm before the FFN: d. */
    FFN_NORM,
    /** The FFN's gate projection: m x d. */
    GATE,
    /** The FFN's up projection: m x d. */
    UP,
    /** The FFN's down projection: d x m. */
    DOWN,
    /** Factors of the RMS norm before the output projection: d. */
    FINAL_NORM,
    /** Output projection, logits of tokens: vocab_size x d. */
    OUTPUT;

    /** {@return whether it is one of the FFN's projections, which masks are about} */
    public boolean isFfn() {
      return this == GATE || this == UP || this == DOWN;
    }
  }

  /** Copies the shape. */
  public TensorSpec {
    shape = List.copyOf(shape);
  }

  /** The name of it, or of the tensor that holds it, in files of a format. */
  String nameIn(Checkpoint.Format format) {
    return switch (format) {
      case HUGGING_FACE -> name;
      case GGUF -> ggufName;
      case LLAMA2C -> llama2cName;
    };
  }

  /** {@return the shape as an array of its own} */
  public long[] dimensions() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  /** {@return how many numbers it has} */
  public long elements() {
    return shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
  }
}
