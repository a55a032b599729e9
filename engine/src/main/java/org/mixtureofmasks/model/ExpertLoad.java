package org.mixtureofmasks.model;

/**
 * How often each expert was chosen and how many neurons were active: what a caller's tokens really
 * used. A snapshot, immutable.
 */
public final class ExpertLoad {
  private final long tokens;
  private final long[][] counts;
  private final long[] activeNeurons;
  private final int intermediateSize;

  ExpertLoad(long tokens, long[][] counts, long[] activeNeurons, int intermediateSize) {
    this.tokens = tokens;
    this.counts = deepCopy(counts);
    this.activeNeurons = activeNeurons.clone();
    this.intermediateSize = intermediateSize;
  }

  /** Tokens counted. */
  public long tokens() {
    return tokens;
  }

  /**
   * Layer x expert: tokens that chose the expert (k of them for each token, with a threshold any
   * number); layer x 0 if dense.
   */
  public long[][] counts() {
    return deepCopy(counts);
  }

  /**
   * Mean over tokens and layers of active neurons / intermediate_size, in [0, 1]; 1 for a dense
   * model. NaN before the first token of a sparse one.
   */
  public double activeFfnShare() {
    double sum = 0;
    for (int l = 0; l < activeNeurons.length; l++) {
      sum += meanActive(l);
    }
    return sum / activeNeurons.length / intermediateSize;
  }

  /** Mean number of active neurons of a layer. */
  double meanActive(int layer) {
    return counts[layer].length == 0 ? intermediateSize : (double) activeNeurons[layer] / tokens;
  }

  /** This load and another of the same model together. */
  public ExpertLoad plus(ExpertLoad other) {
    long[][] sums = deepCopy(counts);
    long[] active = activeNeurons.clone();
    for (int l = 0; l < sums.length; l++) {
      active[l] += other.activeNeurons[l];
      for (int e = 0; e < sums[l].length; e++) {
        sums[l][e] += other.counts[l][e];
      }
    }
    return new ExpertLoad(tokens + other.tokens, sums, active, intermediateSize);
  }

  private static long[][] deepCopy(long[][] counts) {
    long[][] copy = new long[counts.length][];
    for (int l = 0; l < counts.length; l++) {
      copy[l] = counts[l].clone();
    }
    return copy;
  }
}
