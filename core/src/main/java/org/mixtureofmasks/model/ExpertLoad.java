package org.mixtureofmasks.model;

import java.util.Arrays;

/**
 * How often each expert was chosen and how many FFN weights were used: what a caller's tokens
 * really used. A snapshot, immutable.
 */
public final class ExpertLoad {
  private final long tokens;
  private final long[][] counts;
  private final double[][] kept;
  private final long[] activeWeights;
  private final long denseWeights;

  /**
   * @param counts by layer and expert; no experts in the layers of other models
   * @param kept by layer, summed over the tokens: inputs, then neurons that token masks keep;
   *     nothing in the layers of other models
   * @param activeWeights by layer, summed over the tokens
   * @param denseWeights of a layer's dense FFN, 3·d·m
   */
  ExpertLoad(
      long tokens, long[][] counts, double[][] kept, long[] activeWeights, long denseWeights) {
    this.tokens = tokens;
    this.kept = Arrays.stream(kept).map(double[]::clone).toArray(double[][]::new);
    this.counts = deepCopy(counts);
    this.activeWeights = activeWeights.clone();
    this.denseWeights = denseWeights;
  }

  /** {@return tokens counted} */
  public long tokens() {
    return tokens;
  }

  /**
   * How often each expert was chosen.
   *
   * @return layer x expert, a copy: tokens that chose the expert (k of them for each token, with a
   *     threshold any number); layer x 0 if dense
   */
  public long[][] counts() {
    return deepCopy(counts);
  }

  /**
   * {@return mean over tokens and layers of FFN weights used / (3·d·m), in [0, 1]; 1 for a dense
   * model, NaN before the first token of a sparse one}
   */
  public double activeFfnShare() {
    double sum = 0;
    for (int l = 0; l < activeWeights.length; l++) {
      sum += meanActive(l);
    }
    return sum / activeWeights.length / denseWeights;
  }

  /**
   * {@return mean over tokens of a layer's FFN weights used / (3·d·m), in [0, 1]; 1 for a dense
   * model, NaN before the first token of a sparse one}
   *
   * @param layer from 0
   */
  public double activeFfnShare(int layer) {
    return meanActive(layer) / denseWeights;
  }

  /** Mean number of FFN weights of a layer that a token used. */
  double meanActive(int layer) {
    return dense() ? denseWeights : (double) activeWeights[layer] / tokens;
  }

  private boolean dense() {
    return counts[0].length == 0 && kept[0].length == 0;
  }

  /** Mean number of inputs of a layer with token masks that a token kept. */
  double meanInputs(int layer) {
    return kept[layer][0] / tokens;
  }

  /** Mean number of neurons of a layer with token masks that a token kept. */
  double meanNeurons(int layer) {
    return kept[layer][1] / tokens;
  }

  private static long[][] deepCopy(long[][] counts) {
    long[][] copy = new long[counts.length][];
    for (int l = 0; l < counts.length; l++) {
      copy[l] = counts[l].clone();
    }
    return copy;
  }
}
