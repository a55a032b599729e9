package org.mixtureofmasks.nn;

import org.bytedeco.pytorch.Tensor;

/**
 * The feed-forward part of one layer while training: the one place in which methods differ. The
 * dense one is {@link FfnWeights#dense}.
 */
@FunctionalInterface
public interface FeedForward {
  /**
   * Without gradients within a PointerScope of the layer: what is kept of it is copied.
   *
   * @param layer 0-based
   * @param x the normalised input, tokens x hidden_size, fp32
   * @param weights the layer's projections
   * @return tokens x hidden_size, fp32
   */
  Tensor apply(int layer, Tensor x, FfnWeights weights);
}
