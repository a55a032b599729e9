package org.mixtureofmasks.model;

import java.util.function.IntToDoubleFunction;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.kernel.Matrix;

/** Counts the bytes of weights that one decoded token reads: what bounds its speed. */
final class Traffic {
  private Traffic() {}

  /**
   * @param activeWeights mean number of weights that a token reads of a sparse FFN, by layer
   * @param inputs mean number of inputs that a token keeps, by layer with token masks
   */
  static long bytes(
      ModelConfig config,
      ModelWeights weights,
      IntToDoubleFunction activeWeights,
      IntToDoubleFunction inputs) {
    Matrix embedding = weights.embedding();
    long embeddingRow = embedding.format().rowBytes(embedding.columns());
    double sum = embeddingRow + 4.0 * weights.norm().length + weights.output().bytes();
    for (int l = 0; l < config.layers(); l++) {
      ModelWeights.Layer layer = weights.layers().get(l);
      sum += layer.attentionBytes();
      sum +=
          switch (layer.ffn()) {
            case FeedForward.Dense dense -> dense.bytes();
            case FeedForward.Masked masked -> masked.bytes();
            case FeedForward.TokenMasks masks ->
                masks
                        .ffn()
                        .choiceBytes(
                            inputs.applyAsDouble(l),
                            activeWeights.applyAsDouble(l) / (3.0 * config.hiddenSize()))
                    + bytes(
                        masks.ffn().weightBytes(),
                        3L * config.hiddenSize() * config.intermediateSize(),
                        activeWeights.applyAsDouble(l));
            case FeedForward.Experts experts ->
                experts.router().weight().bytes()
                    + bytes(
                        experts.neurons().bytes(),
                        experts.neurons().elements(),
                        activeWeights.applyAsDouble(l));
            case FeedForward.Blocks blocks ->
                blocks.router().weight().bytes()
                    + bytes(
                        blocks.blockBytes(), blocks.blockWeights(), activeWeights.applyAsDouble(l));
          };
    }
    return Math.round(sum);
  }

  /** Bytes that {@code some} of the weights take when all of them take so many. */
  private static double bytes(long bytes, long weights, double some) {
    return weights == 0 ? 0 : bytes * some / weights;
  }

  /** Weights that a token is expected to read of a layer's FFN when it chooses experts evenly. */
  static double expectedWeights(ModelConfig config, ModelWeights weights, int l) {
    double neuron = 3.0 * config.hiddenSize();
    return switch (weights.layers().get(l).ffn()) {
      case FeedForward.Dense _, FeedForward.Masked _ -> neuron * config.intermediateSize();
      case FeedForward.TokenMasks _ -> {
        ModelConfig.TokenMasks masks = config.tokenMasks().orElseThrow();
        int d = config.hiddenSize();
        int m = config.intermediateSize();
        double neurons = masks.keptNeurons().get(l) * m;
        yield masks.choice().weights(expectedInputs(config, l), neurons, d, m);
      }
      case FeedForward.Experts experts -> neuron * expectedNeurons(config, experts);
      case FeedForward.Blocks blocks ->
          blocks.blocks().stream().mapToLong(FeedForward.Block::weights).average().orElse(0);
    };
  }

  /** Inputs of a layer with token masks that a token of the method's own text kept. */
  static double expectedInputs(ModelConfig config, int l) {
    return config.tokenMasks().orElseThrow().keptInputs().get(l) * config.hiddenSize();
  }

  /**
   * With k of E experts drawn evenly without replacement a neuron that n of them hold is missed
   * with probability C(E-n, k) / C(E, k). With a threshold the masks do not say it: the share in
   * the config.
   */
  private static double expectedNeurons(ModelConfig config, FeedForward.Experts experts) {
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
