package org.mixtureofmasks.sparsify.cmoe;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.mixtureofmasks.format.Mask;

/**
 * How CMoE divides the neurons of a layer: the most marked ones are shared, the rest fall into
 * groups of equal size around the most marked of the rest, at the smallest total L1 distance of
 * their columns of marks; one round of assignment, as in the source.
 *
 * @param shared neurons that every token uses, ascending
 * @param routed neurons of each routed expert, ascending
 * @param representatives the neuron of each routed expert that is nearest (L1) to the mean of its
 *     columns
 */
record NeuronGroups(List<Integer> shared, List<List<Integer>> routed, int[] representatives) {

  /**
   * @param together as {@link NeuronMarks} counts, neurons squared
   * @param neurons of the layer; a multiple of parts
   * @param parts N, all experts
   * @param sharedParts N_s, parts whose neurons every token uses; below parts
   */
  static NeuronGroups of(float[] together, int neurons, int parts, int sharedParts) {
    Counts counts = new Counts(together, neurons);
    List<Integer> byMarks =
        IntStream.range(0, neurons)
            .boxed()
            .sorted(Comparator.comparingLong((Integer j) -> -counts.of(j, j))) // ties: lower index
            .toList();
    int shared = neurons / parts * sharedParts;
    List<Integer> rest = byMarks.subList(shared, neurons).stream().sorted().toList();
    List<Integer> centres = byMarks.subList(shared, shared + parts - sharedParts);
    List<List<Integer>> routed = nearest(counts, rest, centres);
    return new NeuronGroups(
        byMarks.subList(0, shared).stream().sorted().toList(),
        routed,
        routed.stream().mapToInt(group -> representative(counts, group)).toArray());
  }

  /** How often neurons are marked by the same token. */
  private record Counts(float[] together, int neurons) {
    long of(int a, int b) {
      return (long) together[a * neurons + b];
    }

    /** L1 distance of the columns of marks. */
    long distance(int a, int b) {
      return of(a, a) + of(b, b) - 2 * of(a, b);
    }
  }

  private static List<List<Integer>> nearest(
      Counts counts, List<Integer> neurons, List<Integer> centres) {
    long[][] cost = new long[neurons.size()][centres.size()];
    List<List<Integer>> groups = new ArrayList<>();
    for (int c = 0; c < centres.size(); c++) {
      groups.add(new ArrayList<>());
      for (int i = 0; i < cost.length; i++) {
        cost[i][c] = counts.distance(neurons.get(i), centres.get(c));
      }
    }
    int[] group = ExactAssignment.solve(cost);
    for (int i = 0; i < group.length; i++) {
      groups.get(group[i]).add(neurons.get(i));
    }
    return groups;
  }

  /**
   * L1 distance of a binary column a to the mean c of the group's: Σ a + Σ c - 2 a·c, where Σ c is
   * the same for every neuron and a·c is the mean of n_ab over the group; times the group's size.
   */
  private static int representative(Counts counts, List<Integer> group) {
    int best = -1;
    long least = Long.MAX_VALUE;
    for (int a : group) {
      long distance = group.size() * counts.of(a, a);
      for (int b : group) {
        distance -= 2 * counts.of(a, b);
      }
      if (distance < least) {
        least = distance;
        best = a;
      }
    }
    return best;
  }

  /** A mask for each routed expert that holds the shared neurons too. */
  List<Mask> masks(int neurons) {
    return routed.stream()
        .map(
            group -> {
              boolean[] on = new boolean[neurons];
              shared.forEach(j -> on[j] = true);
              group.forEach(j -> on[j] = true);
              return Mask.of(on);
            })
        .toList();
  }
}
