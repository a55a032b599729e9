package org.mixtureofmasks.analyse;

/** Positions in a text in buckets, each four times as long as the one before: 0, 1-3, 4-15, ... */
final class Positions {
  /** Buckets of all positions that there can be. */
  static final int MOST = bucket(Integer.MAX_VALUE) + 1;

  private Positions() {}

  /** The bucket of a position, from 0. */
  static int bucket(int position) {
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(position);
    return (bits + 1) / 2;
  }

  /** The first position of a bucket. */
  static long from(int bucket) {
    return bucket == 0 ? 0 : 1L << 2 * (bucket - 1);
  }

  /** The last position of a bucket. */
  static long to(int bucket) {
    return from(bucket + 1) - 1;
  }
}
