package org.mixtureofmasks.quantise;

import java.util.Arrays;

/**
 * How much a token counts in the statistics of a sparse layer: as much more as its experts are
 * chosen more seldom, so that the neurons of a rare expert are rounded for its own tokens too and
 * not for the busy ones' alone.
 */
final class ExpertBalance {
  /** One token of an expert that is hardly ever chosen must not outweigh all others. */
  private static final float MOST = 8;

  private final long[][] counts; // layer x expert
  private final float[] mean; // by layer

  /**
   * @param counts layer x expert: tokens that chose it; no experts in dense layers
   */
  ExpertBalance(long[][] counts) {
    this.counts = counts;
    this.mean = new float[counts.length];
    for (int l = 0; l < counts.length; l++) {
      mean[l] = (float) Arrays.stream(counts[l]).average().orElse(0);
    }
  }

  /** The least number of tokens that an expert of any layer had; 0 without experts. */
  long fewest() {
    return Arrays.stream(counts).flatMapToLong(Arrays::stream).min().orElse(0);
  }

  /** The mean over a token's experts of how much rarer than the average they are; 1 when dense. */
  float weight(int layer, int[] experts) {
    if (experts.length == 0) {
      return counts[layer].length == 0 ? 1 : 0;
    }
    float sum = 0;
    for (int e : experts) {
      sum += Math.min(MOST, mean[layer] / Math.max(1, counts[layer][e]));
    }
    return sum / experts.length;
  }
}
