package org.mixtureofmasks.model;

import java.util.stream.Stream;
import org.mixtureofmasks.kernel.Matrix;

/** The attention weights of one layer; d is hidden_size. */
sealed interface Attention {
  /** All of its matrices. */
  Stream<Matrix> matrices();

  /** Bytes of weights in memory. */
  default long bytes() {
    return matrices().mapToLong(Matrix::bytes).sum();
  }

  /**
   * Query heads in groups that share a key-value head: h query heads, g key-value heads, both of
   * head_dim hd; g = h is multi-head attention.
   *
   * @param query (h hd) x d, rows in split-half rotary order
   * @param key (g hd) x d, rows in split-half rotary order
   * @param value (g hd) x d
   * @param output d x (h hd)
   */
  record GroupedQuery(Matrix query, Matrix key, Matrix value, Matrix output) implements Attention {
    @Override
    public Stream<Matrix> matrices() {
      return Stream.of(query, key, value, output);
    }
  }
}
