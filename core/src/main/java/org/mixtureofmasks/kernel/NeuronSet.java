package org.mixtureofmasks.kernel;

/**
 * Which stored neurons some lanes hold.
 *
 * @param words 64 neurons each, the lowest bit first
 * @param size how many they are
 */
record NeuronSet(long[] words, int size) {
  static final NeuronSet EMPTY = new NeuronSet(new long[0], 0);

  /** The first n of an ascending list. */
  static NeuronSet of(int[] list, int n) {
    long[] words = new long[n == 0 ? 0 : (list[n - 1] >> 6) + 1];
    long word = 0; // apart, for each turn would wait for the last one's store
    for (int k = 0; k < n; k++) {
      word |= 1L << list[k];
      if (k + 1 == n || list[k + 1] >> 6 != list[k] >> 6) {
        words[list[k] >> 6] = word;
        word = 0;
      }
    }
    return new NeuronSet(words, n);
  }

  /** Those of either. */
  NeuronSet or(NeuronSet other) {
    boolean longer = other.words.length > words.length;
    long[] all = (longer ? other : this).words.clone();
    long[] rest = (longer ? this : other).words;
    for (int i = 0; i < rest.length; i++) {
      all[i] |= rest[i];
    }
    return new NeuronSet(all, size + other.without(this));
  }

  /** How many are in both. */
  int common(NeuronSet other) {
    int count = 0;
    for (int i = 0; i < Math.min(words.length, other.words.length); i++) {
      count += Long.bitCount(words[i] & other.words[i]);
    }
    return count;
  }

  /** How many are not in the other. */
  int without(NeuronSet other) {
    return size - common(other);
  }
}
