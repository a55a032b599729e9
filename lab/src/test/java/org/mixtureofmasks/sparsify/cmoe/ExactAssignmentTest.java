package org.mixtureofmasks.sparsify.cmoe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExactAssignmentTest {
  private static long total(long[][] cost, int[] group) {
    long sum = 0;
    for (int i = 0; i < group.length; i++) {
      sum += cost[i][group[i]];
    }
    return sum;
  }

  /** The smallest total by trying every assignment. */
  private static long least(long[][] cost, int item, int[] room) {
    if (item == cost.length) {
      return 0;
    }
    long best = Long.MAX_VALUE / 2;
    for (int g = 0; g < room.length; g++) {
      if (room[g] > 0) {
        room[g]--;
        best = Math.min(best, cost[item][g] + least(cost, item + 1, room));
        room[g]++;
      }
    }
    return best;
  }

  private static void requireEqualGroups(int[] group, int groups) {
    int[] sizes = new int[groups];
    for (int g : group) {
      sizes[g]++;
    }
    for (int size : sizes) {
      assertEquals(group.length / groups, size);
    }
  }

  @Test
  void aLaterItemPushesAnEarlierOneOutWhereThatIsCheaper() {
    // Each on its own would take group 0; moving the last two costs 1 + 2.
    long[][] cost = {{0, 1}, {0, 9}, {0, 2}, {0, 8}};
    assertArrayEquals(new int[] {1, 0, 1, 0}, ExactAssignment.solve(cost));
  }

  @Test
  void theTotalIsTheSmallestOfAllAssignments() {
    SplittableRandom random = new SplittableRandom(4);
    for (int trial = 0; trial < 200; trial++) {
      int groups = 2 + random.nextInt(3);
      int capacity = groups == 2 ? 4 : 2;
      long[][] cost = new long[groups * capacity][groups];
      for (long[] row : cost) {
        for (int g = 0; g < groups; g++) {
          row[g] = random.nextInt(12);
        }
      }
      int[] group = ExactAssignment.solve(cost);
      requireEqualGroups(group, groups);
      int[] room = new int[groups];
      java.util.Arrays.fill(room, capacity);
      assertEquals(least(cost, 0, room), total(cost, group), "trial " + trial);
    }
  }

  @Test
  void aLayerOfALargeModelIsASplitSecondsWork() {
    SplittableRandom random = new SplittableRandom(1);
    long[][] cost = new long[12 * 300][12];
    for (long[] row : cost) {
      for (int g = 0; g < row.length; g++) {
        row[g] = random.nextInt(1000);
      }
    }
    requireEqualGroups(ExactAssignment.solve(cost), 12);
  }

  @Test
  void groupsThatCannotBeEqualAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> ExactAssignment.solve(new long[5][2]));
  }
}
