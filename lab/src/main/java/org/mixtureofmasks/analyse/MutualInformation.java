package org.mixtureofmasks.analyse;

import java.util.Arrays;
import java.util.Collection;
import java.util.SplittableRandom;

/**
 * How much one of two things says of the other, from counts of their pairs.
 *
 * @param nats I = Σ p(x, y) ln(p(x, y) / p(x) p(y)) of the observed shares, at least 0
 * @param byChance the same with the pairs' second things shuffled, mean of {@link #SHUFFLES}: what
 *     as many observations of things that have nothing to do with each other would show. Few
 *     observations in many cells look like information where there is none; only what is above this
 *     counts
 */
record MutualInformation(double nats, double byChance) {
  /** Of a mean over thousands of cells one shuffle already tells nearly all. */
  static final int SHUFFLES = 5;

  private static final long SEED = 1234;

  /**
   * @param counts rows of equal length; all 0 gives 0
   */
  static MutualInformation of(Collection<int[]> counts) {
    int columns = counts.isEmpty() ? 0 : counts.iterator().next().length;
    int[] ofColumn = new int[columns];
    int[] ofRow = new int[counts.size()];
    double cells = 0;
    int r = 0;
    for (int[] row : counts) {
      for (int y = 0; y < columns; y++) {
        ofColumn[y] = Math.addExact(ofColumn[y], row[y]);
        ofRow[r] = Math.addExact(ofRow[r], row[y]);
        cells += timesLog(row[y]);
      }
      r++;
    }
    int n = Arrays.stream(ofRow).reduce(0, Math::addExact);
    if (n == 0) {
      return new MutualInformation(0, 0);
    }
    double margins = sum(ofRow) + sum(ofColumn) - timesLog(n);
    double chance = 0;
    int[] labels = labels(ofColumn, n);
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < SHUFFLES; i++) {
      shuffle(labels, random);
      chance += Math.max(0, (cells(labels, ofRow, columns) - margins) / n) / SHUFFLES;
    }
    return new MutualInformation(Math.max(0, (cells - margins) / n), chance);
  }

  private static double timesLog(int c) {
    return c == 0 ? 0 : c * Math.log(c);
  }

  private static double sum(int[] counts) {
    return Arrays.stream(counts).mapToDouble(MutualInformation::timesLog).sum();
  }

  /** Each column as often as it was observed. */
  private static int[] labels(int[] ofColumn, int n) {
    int[] labels = new int[n];
    int at = 0;
    for (int y = 0; y < ofColumn.length; y++) {
      Arrays.fill(labels, at, at + ofColumn[y], y);
      at += ofColumn[y];
    }
    return labels;
  }

  private static void shuffle(int[] labels, SplittableRandom random) {
    for (int i = labels.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int label = labels[i];
      labels[i] = labels[j];
      labels[j] = label;
    }
  }

  /**
   * Σ c ln c over the cells when rows take their observations from the labels one after another.
   */
  private static double cells(int[] labels, int[] ofRow, int columns) {
    int[] row = new int[columns];
    double sum = 0;
    int at = 0;
    for (int size : ofRow) {
      for (int i = at; i < at + size; i++) {
        int c = row[labels[i]]++;
        sum += timesLog(c + 1) - timesLog(c);
      }
      for (int i = at; i < at + size; i++) {
        row[labels[i]] = 0;
      }
      at += size;
    }
    return sum;
  }
}
