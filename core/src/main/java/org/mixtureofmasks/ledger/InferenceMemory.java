package org.mixtureofmasks.ledger;

import org.mixtureofmasks.format.ModelConfig;

/**
 * What running a model holds, from shapes; bytes.
 *
 * @param weights as they are stored: mapped, or copied into huge pages
 * @param cachePer1000Tokens keys and values of every layer in fp32, for 1,000 tokens of context
 * @param workspace of one caller's pass of as many tokens as are computed together: residual
 *     stream, queries, keys, values, the FFN's two activations, one row of logits. The tiles of
 *     sparse batches come on top: they grow with threads and with the lanes of a batch
 */
public record InferenceMemory(long weights, long cachePer1000Tokens, long workspace) {
  /** Tokens of a pass, as the engine takes them unless it is told otherwise. */
  private static final int BATCH = 128;

  private static final int SPARSE_BATCH = 512;

  /**
   * What a model of a shape holds; nothing is opened.
   *
   * @param c shape of the model, dense or sparse
   * @param storedBytes of the model's tensors
   * @return the parts
   */
  public static InferenceMemory of(ModelConfig c, long storedBytes) {
    long q = (long) c.heads() * c.headDim();
    long kv = (long) c.kvHeads() * c.headDim();
    long batch = c.mixtureOfMasks().isPresent() ? SPARSE_BATCH : BATCH;
    // Experts are computed in tiles of their own; only other layouts need all activations.
    long token = 3L * c.hiddenSize() + 2 * q + 2 * kv + 2L * c.intermediateSize() + c.headDim();
    return new InferenceMemory(
        storedBytes,
        1000L * 2 * c.layers() * kv * Float.BYTES,
        Float.BYTES * (batch * token + c.vocabSize()));
  }

  /**
   * {@return bytes of all of it; the Java machine itself is not counted}
   *
   * @param contextTokens of all contexts together
   */
  public long bytes(long contextTokens) {
    return weights + workspace + cachePer1000Tokens * contextTokens / 1000;
  }
}
