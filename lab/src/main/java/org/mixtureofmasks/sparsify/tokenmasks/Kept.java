package org.mixtureofmasks.sparsify.tokenmasks;

/**
 * What a token keeps of a layer on average.
 *
 * @param inputs share of hidden_size that gate and up projection read, in [0, 1]
 * @param neurons share of intermediate_size that the down projection reads, in [0, 1]
 */
record Kept(double inputs, double neurons) {
  /** Share of the layer's weights: two of the three matrices are read by inputs. */
  double share() {
    return (2 * inputs + neurons) / 3;
  }
}
