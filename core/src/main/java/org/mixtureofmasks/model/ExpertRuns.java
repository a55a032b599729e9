package org.mixtureofmasks.model;

import java.util.function.Function;
import org.mixtureofmasks.kernel.NeuronList;

/**
 * Which stored neurons each expert of a layer holds, as runs of neighbours; checked once, immutable
 * after.
 */
final class ExpertRuns {
  private final int[] offsets; // [E + 1]: expert e owns runs offsets[e] .. offsets[e+1]-1
  private final int[] runs; // [R, 2]: first neuron, length
  private final int[] sizes; // [E]: neurons of the expert
  private final NeuronList[] lists; // [E]

  /**
   * @param offsets E + 1 numbers of runs
   * @param runs pairs of first and length
   * @param stored neurons of the layer
   * @param error makes what is thrown, of a reason, unless every expert's runs are ascending,
   *     disjoint and within the layer
   */
  ExpertRuns(int[] offsets, int[] runs, int stored, Function<String, RuntimeException> error) {
    this.offsets = offsets;
    this.runs = runs;
    this.sizes = new int[offsets.length - 1];
    this.lists = new NeuronList[sizes.length];
    if (offsets[0] != 0 || offsets[sizes.length] != runs.length / 2) {
      throw error.apply("the offsets do not cover its %d runs".formatted(runs.length / 2));
    }
    for (int e = 0; e < sizes.length; e++) {
      if (offsets[e] > offsets[e + 1] || offsets[e + 1] > runs.length / 2) {
        throw error.apply("expert %d begins after it ends".formatted(e));
      }
      long next = 0;
      for (int r = offsets[e]; r < offsets[e + 1]; r++) {
        long first = runs[2 * r];
        long length = runs[2 * r + 1];
        if (first < next || length < 1 || first + length > stored) {
          throw error.apply(
              "run %d (%d, %d) of expert %d is not ascending, disjoint and within %d neurons"
                  .formatted(r, first, length, e, stored));
        }
        next = first + length;
        sizes[e] += (int) length;
      }
      lists[e] = new NeuronList(listed(e));
    }
  }

  private int[] listed(int expert) {
    int[] list = new int[sizes[expert]];
    int n = 0;
    for (int r = offsets[expert]; r < offsets[expert + 1]; r++) {
      for (int j = runs[2 * r], end = j + runs[2 * r + 1]; j < end; j++) {
        list[n++] = j;
      }
    }
    return list;
  }

  int experts() {
    return sizes.length;
  }

  /** Neurons of an expert. */
  int size(int expert) {
    return sizes[expert];
  }

  /** Runs of an expert. */
  int count(int expert) {
    return offsets[expert + 1] - offsets[expert];
  }

  /** An expert's neurons, for passes of many tokens. */
  NeuronList neurons(int expert) {
    return lists[expert];
  }

  /**
   * Writes an expert's neurons, ascending, to the front of {@code list}: a copy, for going through
   * runs of one or two neurons costs a mispredicted branch for each.
   */
  void list(int expert, int[] list) {
    lists[expert].copyTo(list);
  }

  /** Adds {@code weight} to the elements of an expert's neurons. */
  void addTo(int expert, float weight, float[] values) {
    for (int r = offsets[expert]; r < offsets[expert + 1]; r++) {
      for (int j = runs[2 * r], end = j + runs[2 * r + 1]; j < end; j++) {
        values[j] += weight;
      }
    }
  }
}
