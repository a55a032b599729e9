package org.mixtureofmasks.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.format.Routing;

/**
 * What {@link Routing.Weights#ONES} needs to know of a layer: a neuron that several chosen experts
 * hold counts once, so it must be computed once, also where each of them has its own copy.
 *
 * <p>Where masks differ but for the neurons that all of them have, a layer falls into parts: those
 * of the experts, and one of the shared neurons, for every token with an expert. Outputs of parts
 * add up. Masks that overlap in other ways have no such parts.
 */
final class SharedNeurons {
  private final int[] neuron; // [stored]: which one it is
  private final int[] holders; // [neurons]: experts that hold it
  private final @Nullable ExpertRuns
      parts; // E experts without shared neurons, then these; null: overlap

  /**
   * @param runs which stored neurons an expert holds
   * @param neuron which neuron each stored one is, from 0; the same number for copies
   * @param neurons numbers are below it
   */
  SharedNeurons(ExpertRuns runs, int[] neuron, int neurons) {
    this.neuron = neuron;
    holders = new int[neurons];
    int[] list = new int[neuron.length];
    for (int e = 0; e < runs.experts(); e++) {
      runs.list(e, list);
      for (int i = 0; i < runs.size(e); i++) {
        holders[neuron[list[i]]]++;
      }
    }
    boolean apart = Arrays.stream(holders).allMatch(h -> h <= 1 || h == runs.experts());
    parts = apart ? parts(runs, list) : null;
  }

  private ExpertRuns parts(ExpertRuns runs, int[] list) {
    int experts = runs.experts();
    int[] offsets = new int[experts + 2];
    List<int[]> found = new ArrayList<>();
    for (int part = 0; part <= experts; part++) {
      boolean shared = part == experts;
      int expert = shared ? 0 : part; // shared neurons: the first expert's copies
      runs.list(expert, list);
      int[] last = null;
      for (int i = 0; i < runs.size(expert); i++) {
        int j = list[i];
        if ((holders[neuron[j]] == experts) != shared) {
          continue;
        }
        if (last != null && last[0] + last[1] == j) {
          last[1]++;
        } else {
          last = new int[] {j, 1};
          found.add(last);
        }
      }
      offsets[part + 1] = found.size();
    }
    int[] pairs = found.stream().flatMapToInt(Arrays::stream).toArray();
    return new ExpertRuns(offsets, pairs, neuron.length, IllegalStateException::new);
  }

  /** Which neuron a stored one is. */
  int neuron(int stored) {
    return neuron[stored];
  }

  /** How many experts hold each neuron. */
  int[] holders() {
    return holders;
  }

  /** Those of the experts and, last, the shared one; null when masks overlap in other ways. */
  @Nullable ExpertRuns parts() {
    return parts;
  }
}
