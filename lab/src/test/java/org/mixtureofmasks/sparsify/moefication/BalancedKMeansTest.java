package org.mixtureofmasks.sparsify.moefication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;

class BalancedKMeansTest {
  /** Row i points along axis i % 4, with noise, and is between 0.1 and 10 long. */
  private static Tensor planted(int rows) {
    SplittableRandom random = new SplittableRandom(2);
    float[] values = new float[rows * 6];
    for (int i = 0; i < rows; i++) {
      double length = Math.pow(10, 2 * random.nextDouble() - 1);
      for (int c = 0; c < 6; c++) {
        values[i * 6 + c] = (float) (length * ((c == i % 4 ? 1 : 0) + 0.1 * random.nextGaussian()));
      }
    }
    return Tensors.of(values, rows, 6);
  }

  @Test
  void rowsOfOneDirectionComeIntoOneGroupWhateverTheirLength() {
    Natives.start(2);
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      int[] groupOf = BalancedKMeans.split(planted(40), 4, new SplittableRandom(1));
      for (int i = 4; i < 40; i++) {
        assertEquals(groupOf[i % 4], groupOf[i], "row " + i);
      }
      for (int i = 1; i < 4; i++) {
        assertNotEquals(groupOf[0], groupOf[i]);
      }
    }
  }

  @Test
  void groupsAreEqualWhereTheRowsAreNotAndTheSameSeedGivesTheSame() {
    Natives.start(2);
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      int[] groupOf = BalancedKMeans.split(planted(42), 7, new SplittableRandom(3));
      int[] sizes = new int[7];
      for (int group : groupOf) {
        sizes[group]++;
      }
      assertArrayEquals(new int[] {6, 6, 6, 6, 6, 6, 6}, sizes);
      assertArrayEquals(groupOf, BalancedKMeans.split(planted(42), 7, new SplittableRandom(3)));
    }
  }

  @Test
  void equalRowsAreSplitAllTheSame() {
    Natives.start(2);
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      int[] groupOf =
          BalancedKMeans.split(
              Tensors.of(new float[] {1, 1, 1, 1, 1, 1, 1, 1}, 4, 2), 2, new SplittableRandom(0));
      assertEquals(2, java.util.Arrays.stream(groupOf).sum());
    }
  }
}
