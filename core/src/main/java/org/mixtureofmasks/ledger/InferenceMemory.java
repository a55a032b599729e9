package org.mixtureofmasks.ledger;

import java.nio.file.Path;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ShippedThresholds.Choice;
import org.mixtureofmasks.format.StoredShares;
import org.mixtureofmasks.kernel.KvHead;
import org.mixtureofmasks.model.CacheType;

/**
 * What running a model holds, from shapes; bytes.
 *
 * @param weights as they are stored: mapped, or copied into huge pages
 * @param cachePage keys and values of every layer for a page of {@link KvHead#PAGE} tokens, which
 *     contexts grow by
 * @param workspace of one caller's pass of as many tokens as are computed together: residual
 *     stream, queries, keys, values, the FFN's two activations, one row of logits; of a sparse
 *     model the tiles of a batch too, in and for each thread out
 */
public record InferenceMemory(long weights, long cachePage, long workspace) {
  /** Tokens of a pass, as the engine takes them unless it is told otherwise. */
  private static final int BATCH = 128;

  private static final int SPARSE_BATCH = 512;

  /** Widened records of a block of neurons and what else a thread has for them. */
  private static final long BLOCK = 1 << 20;

  /**
   * What a model of a shape holds; nothing is opened.
   *
   * @param c shape of the model, dense or sparse
   * @param weightBytes of its tensors in memory
   * @param threads that compute
   * @param cache how keys and values are kept
   * @return the parts
   */
  public static InferenceMemory of(ModelConfig c, long weightBytes, int threads, CacheType cache) {
    long q = (long) c.heads() * c.headDim();
    long kv = (long) c.kvHeads() * c.headDim();
    long batch = c.sparse() ? SPARSE_BATCH : BATCH;
    // Experts are computed in tiles of their own; only other layouts need all activations.
    long token = 3L * c.hiddenSize() + 2 * q + 2 * kv + 2L * c.intermediateSize() + c.headDim();
    return new InferenceMemory(
        weightBytes,
        cache.bytes(c, KvHead.PAGE),
        Float.BYTES * (batch * token + c.vocabSize()) + tiles(c, threads));
  }

  /**
   * A lane for each expert of a token, and one of what all experts hold; one for a token that
   * chooses neurons by a preview, for which rows and their factors lie there, scores, and lists.
   */
  private static long tiles(ModelConfig c, int threads) {
    if (c.mixtureOfMasks().isPresent()) {
      double chosen = StoredShares.meanChosen(c.mixtureOfMasks().get());
      return tiles(c, threads, (long) Math.ceil(chosen + 1));
    }
    if (c.tokenMasks().map(masks -> masks.choice() == Choice.PREVIEW).orElse(false)) {
      long token = 11L * c.hiddenSize() + 3L * c.intermediateSize();
      return Float.BYTES * SPARSE_BATCH * token + tiles(c, threads, 1);
    }
    return 0;
  }

  private static long tiles(ModelConfig c, int threads, long lanesOfToken) {
    long lanes = SPARSE_BATCH * lanesOfToken;
    return Float.BYTES * lanes * c.hiddenSize() * (threads + 1) + threads * BLOCK;
  }

  /**
   * Refuses a model whose weights are to be copied into memory that there is not.
   *
   * @param machine what there is
   * @param model for the message
   * @param remedy what would fit instead
   * @throws UserError naming what it needs and what there is
   */
  public void require(Machine machine, Path model, String remedy) {
    long needed = weights + workspace;
    if (needed > machine.memoryBytes()) {
      throw new UserError(
          "%s needs %s of memory as it is to be loaded, and %s are available: %s"
              .formatted(
                  model,
                  Machine.gigabytes(needed),
                  Machine.gigabytes(machine.memoryBytes()),
                  remedy));
    }
  }

  /** {@return bytes that 1,000 tokens more of a context take} */
  public long cachePer1000Tokens() {
    return 1000 * cachePage / KvHead.PAGE;
  }

  /**
   * {@return bytes of all of it; the Java machine itself is not counted}
   *
   * @param contextTokens of one context
   */
  public long bytes(long contextTokens) {
    return weights + workspace + Math.ceilDiv(contextTokens, KvHead.PAGE) * cachePage;
  }
}
