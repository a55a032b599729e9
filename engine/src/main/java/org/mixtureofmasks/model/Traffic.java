package org.mixtureofmasks.model;

import java.util.function.IntToDoubleFunction;

/** Counts the bytes of weights that one decoded token reads: what bounds its speed. */
final class Traffic {
  private Traffic() {}

  /**
   * @param activeNeurons mean number of active neurons of a sparse layer
   */
  static long bytes(LlamaConfig config, LlamaWeights weights, IntToDoubleFunction activeNeurons) {
    long embeddingRow = (long) config.hiddenSize() * weights.embedding().elementBytes();
    double sum = embeddingRow + 4.0 * weights.norm().length + weights.output().bytes();
    for (int l = 0; l < config.layers(); l++) {
      LlamaWeights.Layer layer = weights.layers().get(l);
      sum += layer.attentionBytes();
      sum +=
          switch (layer.ffn()) {
            case FeedForward.Dense dense -> dense.bytes();
            case FeedForward.Masked masked -> masked.bytes();
            case FeedForward.Experts experts ->
                experts.router().weight().bytes()
                    + experts.recordBytes() * activeNeurons.applyAsDouble(l);
          };
    }
    return Math.round(sum);
  }

  /**
   * Expected neurons of a token whose k experts are drawn evenly without replacement: a neuron that
   * n of E experts hold is missed with probability C(E-n, k) / C(E, k). With a threshold the masks
   * do not say it: the share in the config.
   */
  static double expectedNeurons(LlamaConfig config, LlamaWeights weights, int l) {
    if (!(weights.layers().get(l).ffn() instanceof FeedForward.Experts experts)) {
      return config.intermediateSize();
    }
    Routing routing = experts.router().routing();
    if (routing.select() == Routing.Select.THRESHOLD) {
      return config.mixtureOfMasks().orElseThrow().activeFfnShare() * config.intermediateSize();
    }
    int e = experts.router().experts();
    double expected = 0;
    for (int n : holders(experts)) {
      double missed = 1;
      for (int i = 0; i < routing.topK(); i++) {
        missed *= Math.max(0, e - n - i) / (double) (e - i);
      }
      expected += 1 - missed;
    }
    return expected;
  }

  /** By how many experts each neuron is held; copies are neurons of their own if all are read. */
  private static int[] holders(FeedForward.Experts experts) {
    if (experts.union() != null) {
      return experts.union().holders();
    }
    float[] holders = new float[experts.stored()];
    for (int i = 0; i < experts.router().experts(); i++) {
      experts.runs().addTo(i, 1, holders);
    }
    int[] whole = new int[holders.length];
    for (int j = 0; j < whole.length; j++) {
      whole[j] = (int) holders[j];
    }
    return whole;
  }
}
