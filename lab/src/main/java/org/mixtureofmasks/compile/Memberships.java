package org.mixtureofmasks.compile;

/**
 * Which experts use each neuron of a layer, as bits: row j has bit e when expert e uses neuron j.
 *
 * @param bits neurons x words of 64 experts
 */
record Memberships(long[][] bits) {
  static Memberships of(boolean[][] masks) {
    long[][] bits = new long[masks[0].length][(masks.length + 63) / 64];
    for (int e = 0; e < masks.length; e++) {
      for (int j = 0; j < bits.length; j++) {
        if (masks[e][j]) {
          bits[j][e >> 6] |= 1L << e;
        }
      }
    }
    return new Memberships(bits);
  }

  /** Experts that use a neuron. */
  int owners(int neuron) {
    int n = 0;
    for (long word : bits[neuron]) {
      n += Long.bitCount(word);
    }
    return n;
  }

  /** Experts that use exactly one of two neurons: where runs begin or end between them. */
  int distance(int a, int b) {
    int n = 0;
    long[] x = bits[a];
    long[] y = bits[b];
    for (int w = 0; w < x.length; w++) {
      n += Long.bitCount(x[w] ^ y[w]);
    }
    return n;
  }
}
