package org.mixtureofmasks.format;

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

  /** {@return number of runs, all experts together; each is at least one neuron long} */
  public int runCount() {
    return runs.length;
  }

  /**
   * Every live neuron once; the fewer runs the order makes of an expert, the better.
   *
   * @param masks of the experts
   * @param order all live neurons, those in every mask first
   * @return a layout that stores as many neurons as the order has
   */
  public static ExpertLayout runs(List<Mask> masks, int[] order) {
    int[] offsets = new int[masks.size() + 1];
    List<int[]> runs = new ArrayList<>();
    for (int e = 0; e < masks.size(); e++) {
      Mask mask = masks.get(e);
      for (int i = 0; i < order.length; i++) {
        if (!mask.on(order[i])) {
          continue;
        }
        int first = i;
        while (i + 1 < order.length && mask.on(order[i + 1])) {
          i++;
        }
        runs.add(new int[] {first, i + 1 - first});
      }
      offsets[e + 1] = runs.size();
    }
    int neurons = masks.getFirst().length();
    int shared =
        (int)
            IntStream.range(0, neurons)
                .filter(j -> masks.stream().allMatch(mask -> mask.on(j)))
                .count();
    return new ExpertLayout(
        order, order.length, shared, neurons - order.length, offsets, runs.toArray(new int[0][]));
  }

  /**
   * One contiguous block for each expert, its own copy of its neurons in the given order; an expert
   * without neurons has no run.
   *
   * @param masks of the experts
   * @param order all live neurons, those in every mask first
   * @return a layout that stores the sum of the experts' neurons
   */
  public static ExpertLayout copied(List<Mask> masks, int[] order) {
    ExpertLayout once = runs(masks, order);
    int[] offsets = new int[masks.size() + 1];
    List<int[]> runs = new ArrayList<>();
    List<int[]> blocks = new ArrayList<>();
    int stored = 0;
    for (int e = 0; e < masks.size(); e++) {
      int[] block = Arrays.stream(order).filter(masks.get(e)::on).toArray();
      if (block.length > 0) {
        runs.add(new int[] {stored, block.length});
      }
      blocks.add(block);
      stored += block.length;
      offsets[e + 1] = runs.size();
    }
    return new ExpertLayout(
        blocks.stream().flatMapToInt(Arrays::stream).toArray(),
        once.live,
        once.shared,
        once.redundant,
        offsets,
        runs.toArray(new int[0][]));
  }

  /**
   * {@return the dense indices of an expert's neurons, in the order in which they are stored}
   *
   * @param expert from 0
   */
  public int[] neurons(int expert) {
    return Arrays.stream(runs, offsets[expert], offsets[expert + 1])
        .flatMapToInt(run -> Arrays.stream(order, run[0], run[0] + run[1]))
        .toArray();
  }

  /**
   * {@return the masks that the layout was made of, one for each expert}
   *
   * @param intermediateSize elements of each mask
   */
  public List<Mask> masks(int intermediateSize) {
    List<Mask> masks = new ArrayList<>();
    for (int e = 0; e + 1 < offsets.length; e++) {
      boolean[] on = new boolean[intermediateSize];
      for (int j : neurons(e)) {
        on[j] = true;
      }
      masks.add(Mask.of(on));
    }
    return masks;
  }
}
