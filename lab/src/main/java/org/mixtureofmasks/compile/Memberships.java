package org.mixtureofmasks.compile;

import java.util.List;
import java.util.stream.IntStream;
import org.mixtureofmasks.format.Mask;

/** Which experts use each neuron of a layer: its masks, turned round. */
final class Memberships {
  private final int experts;
  private final long[][] bits; // neurons x words of 64 experts: bit e of row j

  private Memberships(int experts, long[][] bits) {
    this.experts = experts;
    this.bits = bits;
  }

  static Memberships of(List<Mask> masks) {
    int experts = masks.size();
    long[][] bits = new long[masks.getFirst().length()][Math.ceilDiv(experts, Long.SIZE)];
    for (int e = 0; e < experts; e++) {
      int expert = e;
      masks.get(e).indices().forEach(j -> bits[j][expert / Long.SIZE] |= 1L << expert);
    }
    return new Memberships(experts, bits);
  }

  int neurons() {
    return bits.length;
  }

  /** Neurons that every expert uses. */
  int[] shared() {
    return IntStream.range(0, bits.length).filter(j -> owners(j) == experts).toArray();
  }

  /** Neurons that some experts use, and not all. */
  int[] independent() {
    return IntStream.range(0, bits.length)
        .filter(j -> owners(j) > 0 && owners(j) < experts)
        .toArray();
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
