package org.mixtureofmasks.model;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

  /** All matrices but routers, tied ones once. */
  @SuppressWarnings("ReferenceEquality") // tied ones are one object
  private Stream<Matrix> matrices() {
    Stream<Matrix> ends = output == embedding ? Stream.of(embedding) : Stream.of(embedding, output);
    return Stream.concat(
        ends,
        layers.stream().flatMap(l -> Stream.concat(l.attention.matrices(), l.ffn.matrices())));
  }

  /** The formats of all matrices but routers, by bytes, the largest first: "q4_k, q6_k". */
  String formats() {
    Map<String, Long> bytes =
        matrices()
            .collect(
                Collectors.groupingBy(
                    m -> m.format().name(), Collectors.summingLong(Matrix::bytes)));
    return bytes.entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .map(Map.Entry::getKey)
        .collect(Collectors.joining(", "));
  }
}
