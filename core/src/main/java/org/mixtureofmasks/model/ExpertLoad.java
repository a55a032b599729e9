package org.mixtureofmasks.model;

/**
 * How often each expert was chosen and how many FFN weights were used: what a caller's tokens
 * really used. A snapshot, immutable.
 */
public final class ExpertLoad {
  private final long tokens;
  private final long[][] counts;
  private final long[] activeWeights;
  private final long denseWeights;

  /**
   * @param activeWeights by layer, summed over the tokens
   * @param denseWeights of a layer's dense FFN, 3·d·m
   */
  ExpertLoad(long tokens, long[][] counts, long[] activeWeights, long denseWeights) {
    this.tokens = tokens;
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
    return counts[layer].length == 0 ? denseWeights : (double) activeWeights[layer] / tokens;
  }

  private static long[][] deepCopy(long[][] counts) {
    long[][] copy = new long[counts.length][];
    for (int l = 0; l < counts.length; l++) {
      copy[l] = counts[l].clone();
    }
    return copy;
  }
}
