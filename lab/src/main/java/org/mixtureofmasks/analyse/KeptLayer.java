package org.mixtureofmasks.analyse;

import java.util.Arrays;
import org.mixtureofmasks.format.ModelConfig;

/** What the tokens keep of one layer with token masks; m neurons, D data sets. */
final class KeptLayer {
  /** Of the number of active neurons over tokens, from none to all. */
  static final int BINS = 20;

  /** Upper ends of the bins of a neuron's frequency, percent of the tokens, but none and all. */
  private static final int[] PERCENT = {1, 10, 50, 90, 99};

  private static final int NOBODY = -2; // next to no position

  private final int width; // hidden_size
  private final int[] active; // m: tokens that each neuron is active for
  private final int[] byShare = new int[BINS];
  private final Samples inputShares = new Samples();
  private final Samples neuronShares = new Samples();
  private final double[][] byDataSet; // D x (inputs, neurons): sums of shares
  private final double[] byPosition = new double[Positions.MOST]; // sums of shares of neurons
  private int tokens;
  private int before = NOBODY; // position of the last token of the sequence
  private int[] neuronsBefore = {};
  private double overlaps;
  private int pairs;

  KeptLayer(ModelConfig config, int dataSets) {
    width = config.hiddenSize();
    active = new int[config.intermediateSize()];
    byDataSet = new double[dataSets][2];
  }

  /** Before a sequence. */
  void begin() {
    before = NOBODY;
  }

  /**
   * Adds a token.
   *
   * @param inputs that it keeps, 0 to hidden_size
   * @param neurons that it keeps, ascending; not written
   * @return its share of the neurons
   */
  double add(int dataSet, int position, double inputs, int[] neurons) {
    double inputShare = inputs / width;
    double neuronShare = (double) neurons.length / active.length;
    inputShares.add(inputShare);
    neuronShares.add(neuronShare);
    byShare[Math.min(BINS - 1, (int) ((long) neurons.length * BINS / active.length))]++;
    byDataSet[dataSet][0] += inputShare;
    byDataSet[dataSet][1] += neuronShare;
    byPosition[Positions.bucket(position)] += neuronShare;
    for (int j : neurons) {
      active[j]++;
    }
    if (position == before + 1) {
      overlaps += jaccard(neuronsBefore, neurons);
      pairs++;
    }
    before = position;
    neuronsBefore = neurons;
    tokens++;
    return neuronShare;
  }

  /** Neurons in both ascending lists over those in either; two empty ones are the same, 1. */
  static double jaccard(int[] a, int[] b) {
    int both = 0;
    for (int i = 0, k = 0; i < a.length && k < b.length; ) {
      int difference = Integer.compare(a[i], b[k]);
      both += difference == 0 ? 1 : 0;
      i += difference <= 0 ? 1 : 0;
      k += difference >= 0 ? 1 : 0;
    }
    int either = a.length + b.length - both;
    return either == 0 ? 1 : (double) both / either;
  }

  /** Shares of the inputs, by token. */
  Samples inputShares() {
    return inputShares;
  }

  /** Shares of the neurons, by token. */
  Samples neuronShares() {
    return neuronShares;
  }

  /** Sums of the shares of a data set's tokens: inputs, neurons. */
  double[] sums(int dataSet) {
    return byDataSet[dataSet];
  }

  /** Sum of the shares of neurons of the tokens of a bucket of positions. */
  double sumAt(int bucket) {
    return byPosition[bucket];
  }

  /** Shares of the tokens by their share of the neurons, {@link #BINS} equal bins of 0 to 1. */
  double[] byShare() {
    return Arrays.stream(byShare).mapToDouble(n -> (double) n / tokens).toArray();
  }

  /**
   * Shares of the neurons by how many of the tokens they are active for: none, up to 1 %, 10 %, 50
   * %, 90 %, 99 %, and more.
   */
  double[] byFrequency() {
    double[] shares = new double[PERCENT.length + 2];
    for (int count : active) {
      shares[bin(count)] += 1.0 / active.length;
    }
    return shares;
  }

  private int bin(int count) {
    if (count == 0) {
      return 0;
    }
    for (int i = 0; i < PERCENT.length; i++) {
      if (100L * count <= (long) PERCENT[i] * tokens) {
        return i + 1;
      }
    }
    return PERCENT.length + 1;
  }

  /** Whether two tokens in a row were seen. */
  boolean hasNeighbours() {
    return pairs > 0;
  }

  /** Mean {@link #jaccard} of the neurons of two tokens in a row. */
  double overlap() {
    return overlaps / pairs;
  }

  /**
   * The same of tokens that choose independently, each neuron with its own frequency f: Σ f² / Σ (2
   * f - f²), a ratio of means.
   */
  double overlapByChance() {
    double both = 0;
    double either = 0;
    for (int count : active) {
      double f = (double) count / tokens;
      both += f * f;
      either += 2 * f - f * f;
    }
    return either == 0 ? 1 : both / either;
  }
}
