package org.mixtureofmasks.analyse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GroupSeparationTest {
  private static final int[] GROUPS = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1};

  /** Members of a group are alike by {@code within}, others by half, with noise. */
  private static double[][] similarity(double within, SplittableRandom random) {
    double[][] s = new double[GROUPS.length][GROUPS.length];
    for (int i = 0; i < GROUPS.length; i++) {
      for (int j = 0; j < i; j++) {
        s[i][j] = (GROUPS[i] == GROUPS[j] ? within : 0.5) + 0.1 * random.nextDouble();
        s[j][i] = s[i][j];
      }
    }
    return s;
  }

  @Test
  void groupsThatAreAlikeInsideAreFoundAndTheirMeansTold() {
    double[][] s = similarity(0.9, new SplittableRandom(1));
    GroupSeparation found = GroupSeparation.of(s, GROUPS, 10_000, 1);
    assertEquals(0.95, found.within().orElseThrow(), 0.02);
    assertEquals(0.55, found.between().orElseThrow(), 0.02);
    // 10! / (5! 5!) = 252 ways to label, of which 2 are this one
    assertEquals(2 / 252.0, found.pValue().orElseThrow(), 0.003);
    assertEquals(found, GroupSeparation.of(s, GROUPS, 10_000, 1), "the seed decides");
  }

  @Test
  void randomSimilaritiesGiveEvenlySpreadPValues() {
    SplittableRandom random = new SplittableRandom(2);
    int low = 0;
    for (int i = 0; i < 100; i++) {
      low +=
          GroupSeparation.of(similarity(0.5, random), GROUPS, 200, i).pValue().orElseThrow() < 0.2
              ? 1
              : 0;
    }
    assertTrue(low > 6 && low < 36, low + " of 100 below 0.2");
  }

  @Test
  void allEqualSimilaritiesTellNothing() {
    double[][] same = new double[GROUPS.length][GROUPS.length];
    for (double[] row : same) {
      java.util.Arrays.fill(row, 0.3);
    }
    assertEquals(1, GroupSeparation.of(same, GROUPS, 100, 1).pValue().orElseThrow());
  }

  @Test
  void aSingleGroupHasNoPairsToCompareWith() {
    GroupSeparation one = GroupSeparation.of(new double[][] {{1, 0.4}, {0.4, 1}}, new int[2], 9, 1);
    assertEquals(0.4, one.within().orElseThrow());
    assertTrue(one.between().isEmpty());
    assertTrue(one.pValue().isEmpty());
  }

  @Test
  void cosinesAreOfDirections() {
    double[][] c = GroupSeparation.cosines(new double[][] {{1, 0}, {3, 0}, {1, 1}, {0, 0}});
    assertEquals(1, c[0][1], 1e-12);
    assertEquals(Math.sqrt(0.5), c[0][2], 1e-12);
    assertEquals(0, c[0][3]);
  }
}
