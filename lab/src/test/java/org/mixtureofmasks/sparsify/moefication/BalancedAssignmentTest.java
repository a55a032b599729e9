package org.mixtureofmasks.sparsify.moefication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BalancedAssignmentTest {
  private static double total(float[] benefit, int[] groupOf, int groups) {
    double total = 0;
    for (int i = 0; i < groupOf.length; i++) {
      total += benefit[i * groups + groupOf[i]];
    }
    return total;
  }

  @Test
  void theGreedyStartTakesTheLargestBenefitsWhileThereIsRoom() {
    // 9 (row 0), 8 (row 1) fill group 0; row 2 would gain 7 there but has to take 1.
    float[] benefit = {9, 0, 8, 6, 7, 1, 2, 3};
    assertArrayEquals(new int[] {0, 0, 1, 1}, new BalancedAssignment(benefit, 2).greedy());
  }

  @Test
  void anExchangeMendsWhatTheGreedyStartMissed() {
    // Rows 1 and 2 change places: 6 + 7 for 8 + 1.
    float[] benefit = {9, 0, 8, 6, 7, 1, 2, 3};
    BalancedAssignment assignment = new BalancedAssignment(benefit, 2);
    int[] groupOf = assignment.greedy();
    assignment.exchange(groupOf);
    assertArrayEquals(new int[] {0, 1, 0, 1}, groupOf);
  }

  @Test
  void twoGroupsHaveTheBestTotalOfAll() {
    SplittableRandom random = new SplittableRandom(4);
    for (int trial = 0; trial < 50; trial++) {
      float[] benefit = new float[20];
      for (int i = 0; i < benefit.length; i++) {
        benefit[i] = (float) random.nextGaussian();
      }
      BalancedAssignment assignment = new BalancedAssignment(benefit, 2);
      int[] groupOf = assignment.greedy();
      assignment.exchange(groupOf);
      double best = Double.NEGATIVE_INFINITY;
      for (int set = 0; set < 1 << 10; set++) {
        if (Integer.bitCount(set) == 5) {
          int[] other = new int[10];
          for (int i = 0; i < 10; i++) {
            other[i] = set >> i & 1;
          }
          best = Math.max(best, total(benefit, other, 2));
        }
      }
      assertEquals(best, total(benefit, groupOf, 2), 1e-6);
    }
  }

  @Test
  void noExchangeOfTwoRowsGainsAndGroupsStayEqual() {
    SplittableRandom random = new SplittableRandom(5);
    float[] benefit = new float[40 * 5];
    for (int i = 0; i < benefit.length; i++) {
      benefit[i] = (float) random.nextGaussian();
    }
    BalancedAssignment assignment = new BalancedAssignment(benefit, 5);
    int[] groupOf = assignment.greedy();
    assignment.exchange(groupOf);
    int[] sizes = new int[5];
    for (int group : groupOf) {
      sizes[group]++;
    }
    assertArrayEquals(new int[] {8, 8, 8, 8, 8}, sizes);
    double total = total(benefit, groupOf, 5);
    for (int i = 0; i < 40; i++) {
      for (int j = 0; j < i; j++) {
        int[] other = groupOf.clone();
        other[i] = groupOf[j];
        other[j] = groupOf[i];
        assertEquals(true, total(benefit, other, 5) <= total + 1e-6, i + " and " + j);
      }
    }
  }
}
