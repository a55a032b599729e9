package org.mixtureofmasks.compile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How the experts of one layer lie over the stored neurons (docs/file-formats.md).
 *
 * @param order the dense index of each stored neuron
 * @param live different neurons that some expert uses
 * @param shared neurons in every mask; the first of the order
 * @param redundant neurons in no mask, not stored
 * @param offsets expert e owns the runs offsets[e] .. offsets[e + 1] - 1
 * @param runs (first, length) of stored neurons, ascending and disjoint within an expert
 */
public record ExpertLayout(
    int[] order, int live, int shared, int redundant, int[] offsets, int[][] runs) {

  /** A run is at least one neuron long. */
  public int runCount() {
    return runs.length;
  }

  /**
   * Every live neuron once, in an order in which experts are few runs.
   *
   * @param masks experts x intermediate_size
   */
  public static ExpertLayout runs(boolean[][] masks) {
    Memberships memberships = Memberships.of(masks);
    int[] order = NeuronOrder.of(memberships, masks.length);
    int[] offsets = new int[masks.length + 1];
    List<int[]> runs = new ArrayList<>();
    for (int e = 0; e < masks.length; e++) {
      for (int i = 0; i < order.length; i++) {
        if (!masks[e][order[i]]) {
          continue;
        }
        int first = i;
        while (i + 1 < order.length && masks[e][order[i + 1]]) {
          i++;
        }
        runs.add(new int[] {first, i + 1 - first});
      }
      offsets[e + 1] = runs.size();
    }
    int shared = shared(memberships, masks.length);
    return new ExpertLayout(
        order,
        order.length,
        shared,
        masks[0].length - order.length,
        offsets,
        runs.toArray(new int[0][]));
  }

  /**
   * One contiguous block for each expert, its own copy of its neurons in the order that {@link
   * #runs} gives them; an expert without neurons has no run.
   */
  public static ExpertLayout copied(boolean[][] masks) {
    ExpertLayout once = runs(masks);
    int[] offsets = new int[masks.length + 1];
    List<int[]> runs = new ArrayList<>();
    List<int[]> blocks = new ArrayList<>();
    int stored = 0;
    for (int e = 0; e < masks.length; e++) {
      boolean[] mask = masks[e];
      int[] block = Arrays.stream(once.order).filter(j -> mask[j]).toArray();
      if (block.length > 0) {
        runs.add(new int[] {stored, block.length});
      }
      blocks.add(block);
      stored += block.length;
      offsets[e + 1] = runs.size();
    }
    int[] order = blocks.stream().flatMapToInt(Arrays::stream).toArray();
    return new ExpertLayout(
        order, once.live, once.shared, once.redundant, offsets, runs.toArray(new int[0][]));
  }

  private static int shared(Memberships memberships, int experts) {
    return (int)
        IntStream.range(0, memberships.bits().length)
            .filter(j -> memberships.owners(j) == experts)
            .count();
  }

  /** The dense indices of an expert's neurons, in the order in which they are stored. */
  public int[] neurons(int expert) {
    return Arrays.stream(runs, offsets[expert], offsets[expert + 1])
        .flatMapToInt(run -> Arrays.stream(order, run[0], run[0] + run[1]))
        .toArray();
  }

  /** The masks again: experts x intermediate_size. */
  public boolean[][] masks(int intermediateSize) {
    boolean[][] masks = new boolean[offsets.length - 1][intermediateSize];
    for (int e = 0; e < masks.length; e++) {
      for (int r = offsets[e]; r < offsets[e + 1]; r++) {
        for (int i = 0; i < runs[r][1]; i++) {
          masks[e][order[runs[r][0] + i]] = true;
        }
      }
    }
    return masks;
  }
}
