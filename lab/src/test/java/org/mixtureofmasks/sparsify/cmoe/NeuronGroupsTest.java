package org.mixtureofmasks.sparsify.cmoe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.Mask;

class NeuronGroupsTest {
  /** Counts of marks by both of two neurons, from tokens x neurons. */
  private static float[] together(int[][] marks) {
    int n = marks[0].length;
    float[] counts = new float[n * n];
    for (int[] token : marks) {
      for (int a = 0; a < n; a++) {
        for (int b = 0; b < n; b++) {
          counts[a * n + b] += token[a] * token[b];
        }
      }
    }
    return counts;
  }

  /** Marks by 6 tokens: neuron 1 has 6 and 6 has 5, then 0 (4), 3, 4 and 7 (3), 2 (2), 5 (1). */
  private static final int[][] MARKS = {
    // 0  1  2  3  4  5  6  7
    {1, 1, 1, 0, 0, 0, 1, 0},
    {1, 1, 0, 0, 0, 0, 1, 1},
    {1, 1, 1, 0, 0, 0, 1, 0},
    {0, 1, 0, 1, 1, 0, 1, 1},
    {0, 1, 0, 1, 1, 1, 1, 0},
    {1, 1, 0, 1, 1, 0, 0, 1},
  };

  @Test
  void theMostMarkedAreSharedAndTheRestGroupedByTheTokensThatMarkThem() {
    // N = 4 parts of 2, one shared: {1, 6}. Centres: 0, and of the tied 3, 4 and 7 the lower two,
    // whose columns are equal. Distances to (0, 3 or 4): 2 (2, 5), 5 (5, 2), 7 (3, 2). So 2 goes
    // with 0, and how the others share the two equal centres costs the same.
    NeuronGroups groups = NeuronGroups.of(together(MARKS), 8, 4, 1);
    assertEquals(List.of(1, 6), groups.shared());
    assertEquals(List.of(0, 2), groups.routed().get(0));
    List<Integer> others = new ArrayList<>(groups.routed().get(1));
    others.addAll(groups.routed().get(2));
    assertEquals(List.of(3, 4, 5, 7), others.stream().sorted().toList());
    assertEquals(2, groups.routed().get(1).size());
  }

  @Test
  void theRepresentativeIsNearestToTheMeanOfItsGroup() {
    // One group of three columns: a = 1110, b = 1100, c = 0001. Mean: 2/3 2/3 1/3 1/3.
    // L1: a 1/3 + 1/3 + 2/3 + 1/3 = 5/3; b 1/3 + 1/3 + 1/3 + 1/3 = 4/3; c 7/3.
    int[][] marks = {{1, 1, 0}, {1, 1, 0}, {1, 0, 0}, {0, 0, 1}};
    NeuronGroups groups = NeuronGroups.of(together(marks), 3, 1, 0);
    assertArrayEquals(new int[] {1}, groups.representatives());
  }

  @Test
  void everyMaskHoldsTheSharedNeurons() {
    NeuronGroups groups =
        new NeuronGroups(List.of(1), List.of(List.of(0, 4), List.of(2, 3)), new int[] {0, 2});
    assertEquals(
        List.of(Mask.of(true, true, false, false, true), Mask.of(false, true, true, true, false)),
        groups.masks(5));
  }
}
