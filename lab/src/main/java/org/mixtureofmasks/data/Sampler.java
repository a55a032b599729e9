package org.mixtureofmasks.data;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.mixtureofmasks.io.TokenRows;

/**
 * An endless, reproducible sequence of training rows over several sources. The whole state is how
 * many rows each source has given; a source that is used up begins its next epoch.
 */
public final class Sampler {
  private final List<TokenRows> sources;
  private final DomainMixture mixture;
  private final boolean shuffled;
  private final long seed;
  private final long[] taken;
  private final int[][] orders;
  private final long[] orderEpochs;

  /**
   * @param sources at least one
   * @param weights one for each source
   * @param shuffled whether each epoch of a source has an order of its own; else rows come as they
   *     stand
   * @param seed of the shuffling
   */
  public Sampler(List<TokenRows> sources, double[] weights, boolean shuffled, long seed) {
    this.sources = List.copyOf(sources);
    this.mixture = new DomainMixture(weights);
    this.shuffled = shuffled;
    this.seed = seed;
    this.taken = new long[sources.size()];
    this.orders = new int[sources.size()][];
    this.orderEpochs = new long[sources.size()];
    Arrays.fill(orderEpochs, -1);
  }

  /** The next row's token ids. */
  public long[] next() {
    int source = mixture.next(taken);
    TokenRows file = sources.get(source);
    long epoch = taken[source] / file.rows();
    int position = (int) (taken[source] % file.rows());
    taken[source]++;
    return file.longRow(shuffled ? order(source, epoch)[position] : position);
  }

  /** The next n rows. */
  public long[][] next(int n) {
    long[][] rows = new long[n][];
    for (int i = 0; i < n; i++) {
      rows[i] = next();
    }
    return rows;
  }

  /**
   * How often each row of the shortest source is read in a run.
   *
   * @param rows that the run takes of all sources together
   */
  public double repeats(long rows) {
    double most = 0;
    for (int i = 0; i < taken.length; i++) {
      most = Math.max(most, mixture.share(i) * rows / sources.get(i).rows());
    }
    return most;
  }

  /** How many rows each source has given: all there is to save. */
  public long[] cursor() {
    return taken.clone();
  }

  /** Goes on from a saved cursor. */
  public void seek(long[] cursor) {
    if (cursor.length != taken.length) {
      throw new IllegalArgumentException(
          "a cursor over %s sources for %s".formatted(cursor.length, taken.length));
    }
    System.arraycopy(cursor, 0, taken, 0, taken.length);
  }

  /** The order of a source's rows in an epoch: a Fisher-Yates shuffle of its own seed. */
  private int[] order(int source, long epoch) {
    if (orderEpochs[source] != epoch) {
      int n = sources.get(source).rows();
      int[] order = new int[n];
      // An odd multiplier spreads (seed, source, epoch) over the generator's whole state.
      SplittableRandom random =
          new SplittableRandom(
              ((seed * 1_000_003 + source) * 1_000_003 + epoch) * 0x9E3779B97F4A7C15L);
      for (int i = 0; i < n; i++) {
        int j = random.nextInt(i + 1);
        order[i] = order[j];
        order[j] = i;
      }
      orders[source] = order;
      orderEpochs[source] = epoch;
    }
    return orders[source];
  }
}
