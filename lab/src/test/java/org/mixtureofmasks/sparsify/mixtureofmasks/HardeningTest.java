package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.Mask;

class HardeningTest {
  private static int count(boolean[] kept, int from, int to) {
    int n = 0;
    for (int i = from; i < to; i++) {
      n += kept[i] ? 1 : 0;
    }
    return n;
  }

  private static float[][] random(int layers, int size) {
    SplittableRandom r = new SplittableRandom(3);
    float[][] values = new float[layers][size];
    for (float[] row : values) {
      for (int i = 0; i < size; i++) {
        row[i] = (float) r.nextGaussian();
      }
    }
    return values;
  }

  @Test
  void tiesFallToTheLowerIndexAndNegativesSortBelowZero() {
    float[] values = {-1, 2, 0, 2, -0.0f, -3, 2};
    assertArrayEquals(
        new boolean[] {false, true, false, true, false, false, false},
        Hardening.largest(values, 2));
    assertArrayEquals(
        new boolean[] {false, true, true, true, true, false, true}, Hardening.largest(values, 5));
    assertArrayEquals(new boolean[7], Hardening.largest(values, 0));
  }

  @Test
  void eachMaskKeepsExactlyItsRoundedTarget() {
    float[][] logAlpha = random(2, 3 * 25);
    boolean[][] kept = Hardening.choose(logAlpha, Budget.EXPERT, new double[] {12.5, 7.4}, 3);
    for (int e = 0; e < 3; e++) {
      assertEquals(13, count(kept[0], e * 25, (e + 1) * 25));
      assertEquals(7, count(kept[1], e * 25, (e + 1) * 25));
    }
  }

  @Test
  void widerBudgetsAreExactOverTheirUnit() {
    float[][] logAlpha = random(2, 3 * 25);
    boolean[][] layer = Hardening.choose(logAlpha, Budget.LAYER, new double[] {12.5, 7.4}, 3);
    assertEquals(38, count(layer[0], 0, 75)); // 37.5 rounded
    assertEquals(22, count(layer[1], 0, 75)); // 22.2 rounded
    boolean[][] global = Hardening.choose(logAlpha, Budget.GLOBAL, new double[] {12.5, 7.4}, 3);
    assertEquals(60, count(global[0], 0, 75) + count(global[1], 0, 75)); // 59.7 rounded
    float smallestKept = Float.MAX_VALUE;
    float largestDropped = -Float.MAX_VALUE;
    for (int l = 0; l < 2; l++) {
      for (int i = 0; i < 75; i++) {
        if (global[l][i]) {
          smallestKept = Math.min(smallestKept, logAlpha[l][i]);
        } else {
          largestDropped = Math.max(largestDropped, logAlpha[l][i]);
        }
      }
    }
    assertTrue(smallestKept >= largestDropped);
  }

  @Test
  void aGateSwitchesItsWholeBlock() {
    boolean[] gates = {true, false, false, true};
    assertEquals(
        List.of(Mask.of(8, j -> j < 4), Mask.of(8, j -> j >= 4)), Hardening.masks(gates, 2, 4));
  }
}
