package org.mixtureofmasks.model;

import java.util.List;
import org.mixtureofmasks.kernel.Matrix;

/**
 * All weights of a model, immutable. V is vocab_size, d hidden_size.
 *
 * @param embedding V x d
 * @param layers from the first to the last
 * @param norm d, before the output projection
 * @param output V x d; the embedding itself when they are tied
 */
record ModelWeights(Matrix embedding, List<Layer> layers, float[] norm, Matrix output) {
  ModelWeights {
    layers = List.copyOf(layers);
  }

  /**
   * One decoder layer.
   *
   * @param attentionNorm d
   * @param attention the attention part
   * @param ffnNorm d
   * @param ffn the feed-forward part
   */
  record Layer(float[] attentionNorm, Attention attention, float[] ffnNorm, FeedForward ffn) {

    /** Bytes of everything but the feed-forward part. */
    long attentionBytes() {
      return 4L * (attentionNorm.length + ffnNorm.length) + attention.bytes();
    }
  }

  /** Bytes of all weights, tied ones once. */
  @SuppressWarnings("ReferenceEquality") // tied ones are one object
  long bytes() {
    long sum = embedding.bytes() + 4L * norm.length;
    if (output != embedding) {
      sum += output.bytes();
    }
    for (Layer layer : layers) {
      sum += layer.attentionBytes() + layer.ffn().bytes();
    }
    return sum;
  }
}
