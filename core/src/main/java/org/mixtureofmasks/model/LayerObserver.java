package org.mixtureofmasks.model;

/**
 * Hears what each layer does: {@link ModelState#observe}. Calls come in the order of computation:
 * for a batch of tokens layer after layer, first what attention read, then the routing of each
 * token or what it keeps, then the results of the feed-forward part. What it throws ends the pass.
 */
public interface LayerObserver {
  /**
   * What the projections of a layer's attention read.
   *
   * @param layer from 0
   * @param tokens of the batch, n
   * @param inputs n x hidden_size or more: the normed residual stream, which queries, keys and
   *     values are made of; valid until it returns, not to be written
   * @param mixed n x (heads · head_dim) or more: what the output projection reads; likewise
   */
  default void attended(int layer, int tokens, float[] inputs, float[] mixed) {}

  /**
   * A token's experts; never called for a dense model.
   *
   * @param layer from 0
   * @param position the state's position before the batch and the token's place in it: the token's
   *     own position unless several texts are packed
   * @param experts those it goes through, its own copy: with TOP_K in descending order of their
   *     scores, with THRESHOLD ascending and possibly none
   * @param scores r of all E experts, its own copy; a removed expert's is negative infinity
   */
  default void routed(int layer, int position, int[] experts, float[] scores) {}

  /**
   * What a token keeps by its masks; only called for a model with token masks.
   *
   * @param layer from 0
   * @param position as in {@link #routed}
   * @param inputs that the layer reads of the token, in [0, hidden_size]; one of which a preview is
   *     read by half counts half
   * @param neurons that it computes for the token, ascending, its own copy
   */
  default void kept(int layer, int position, double inputs, int[] neurons) {}

  /**
   * What a layer's feed-forward part made of a batch.
   *
   * @param layer from 0
   * @param tokens of the batch, n
   * @param inputs n x hidden_size or more: the normed residual stream; valid until it returns, not
   *     to be written
   * @param outputs n x hidden_size or more: what is added to the residual stream; likewise
   */
  default void computed(int layer, int tokens, float[] inputs, float[] outputs) {}
}
