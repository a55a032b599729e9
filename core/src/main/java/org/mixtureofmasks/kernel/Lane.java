package org.mixtureofmasks.kernel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Some neurons of one token; a token may have several lanes, whose outputs are added. */
final class Lane {
  int token;
  int[] neurons = {};
  int size;
  @Nullable NeuronSet held; // those of the list, if they are known
  float @Nullable [] factors; // by place in the list, or null
  float factor; // of all of them, if factors is null

  /** The factors by place in the list; null when all are 1. */
  float @Nullable [] scales() {
    if (factors != null || factor == 1) {
      return factors;
    }
    float[] all = new float[size];
    Arrays.fill(all, factor);
    return all;
  }

  /** The first place in the list that holds a neuron of {@code first} or later. */
  int place(int first) {
    int at = Arrays.binarySearch(neurons, 0, size, first);
    return at >= 0 ? at : -at - 1;
  }

  /** The factor of neuron list[k]. */
  float factor(int k) {
    return factors == null ? factor : factors[k];
  }
}
