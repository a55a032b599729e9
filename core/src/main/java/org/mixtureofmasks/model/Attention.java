package org.mixtureofmasks.model;

import org.mixtureofmasks.kernel.Matrix;

/** The attention weights of one layer; d is hidden_size. */
sealed interface Attention {
  /** Bytes of weights in memory. */
  long bytes();

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
    public long bytes() {
      return query.bytes() + key.bytes() + value.bytes() + output.bytes();
    }
  }
}
