package org.mixtureofmasks.kernel;

import java.util.Arrays;

/**
 * Which stored neurons some lanes hold.
 *
 * @param words 64 neurons each, the lowest bit first
 */
record NeuronSet(long[] words) {
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

  int size() {
    return Arrays.stream(words).mapToInt(Long::bitCount).sum();
  }

  /** 1 if the neuron is among them, else 0. */
  int bit(int neuron) {
    int word = neuron >> 6;
    return word < words.length ? (int) (words[word] >>> neuron) & 1 : 0;
  }
}
