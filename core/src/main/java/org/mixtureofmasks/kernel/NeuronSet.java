package org.mixtureofmasks.kernel;

/**
 * Which stored neurons some lanes hold.
 *
 * @param words 64 neurons each, the lowest bit first
 */
record NeuronSet(long[] words) {
  static final NeuronSet EMPTY = new NeuronSet(new long[0]);

  /** The first n of an ascending list. */
  static NeuronSet of(int[] list, int n) {
    long[] words = new long[n == 0 ? 0 : (list[n - 1] >> 6) + 1];
    for (int k = 0; k < n; k++) {
      words[list[k] >> 6] |= 1L << list[k];
    }
    return new NeuronSet(words);
  }

  /** Those of either. */
  NeuronSet or(NeuronSet other) {
    boolean longer = other.words.length > words.length;
    long[] all = (longer ? other : this).words.clone();
    long[] rest = (longer ? this : other).words;
    for (int i = 0; i < rest.length; i++) {
      all[i] |= rest[i];
    }
    return new NeuronSet(all);
  }

  /** How many are in both. */
  int common(NeuronSet other) {
    int count = 0;
    for (int i = 0; i < Math.min(words.length, other.words.length); i++) {
      count += Long.bitCount(words[i] & other.words[i]);
    }
    return count;
  }

  int size() {
    return common(this);
  }

  /** How many are not in the other. */
  int without(NeuronSet other) {
    return size() - common(other);
  }
}
