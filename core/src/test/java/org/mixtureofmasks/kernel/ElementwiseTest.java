package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Norm, SiLU, softmax, order and rotation against straightforward double code. */
class ElementwiseTest {
  enum Twin {
    VECTOR(new VectorKernels()),
    SCALAR(new ScalarKernels());

    private final Kernels kernels;

    Twin(Kernels kernels) {
      this.kernels = kernels;
    }
  }

  private static final int[] SIZES = {1, 7, 8, 15, 16, 17, 33, 64, 100, 576};

  @ParameterizedTest
  @EnumSource
  void rmsNormDividesByTheRootOfTheMeanSquare(Twin twin) {
    Random random = new Random(1);
    for (int n : SIZES) {
      float[] x = TestMatrices.random(random, n + 3);
      float[] w = TestMatrices.random(random, n);
      float[] y = new float[n + 5];
      twin.kernels.rmsNorm(x, 3, w, 1e-5, y, 5);
      double squares = 0;
      for (int i = 0; i < n; i++) {
        squares += (double) x[3 + i] * x[3 + i];
      }
      for (int i = 0; i < n; i++) {
        double exact = w[i] * x[3 + i] / Math.sqrt(squares / n + 1e-5);
        assertEquals(exact, y[5 + i], 1e-6 * (1 + Math.abs(exact)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void siluTimesIsRightFarOutToo(Twin twin) {
    for (int n : SIZES) {
      float[] gate = new float[n];
      float[] up = new float[n];
      for (int i = 0; i < n; i++) {
        gate[i] = (i % 21 - 10) * 12f; // -120 to 120: e^120 overflows a float
        up[i] = 1 + i % 3;
      }
      float[] got = gate.clone();
      twin.kernels.siluTimes(got, 0, up, 0, n);
      for (int i = 0; i < n; i++) {
        double exact = TestMatrices.silu(gate[i]) * up[i];
        assertEquals(exact, got[i], 1e-6 * (1e-3 + Math.abs(exact)), "SiLU of " + gate[i]);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void softmaxSumsToOneHoweverLargeTheScores(Twin twin) {
    Random random = new Random(2);
    for (int n : SIZES) {
      float[] x = TestMatrices.random(random, n + 2);
      for (int i = 0; i < n; i++) {
        x[2 + i] = x[2 + i] * 5 + 1000;
      }
      double[] exact = new double[n];
      double sum = 0;
      for (int i = 0; i < n; i++) {
        exact[i] = Math.exp(x[2 + i] - 1000.0);
        sum += exact[i];
      }
      twin.kernels.softmax(x, 2, n);
      for (int i = 0; i < n; i++) {
        assertEquals(exact[i] / sum, x[2 + i], 2e-6);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void splitPutsEvenElementsBeforeOddOnesAndTheirOrderAddsThemBack(Twin twin) {
    for (int n : SIZES) {
      float[] x = new float[n + 1];
      for (int i = 0; i < n; i++) {
        x[1 + i] = i;
      }
      float[] split = new float[n + 2];
      twin.kernels.split(x, 1, split, 2, n);
      for (int i = 0; i < n; i++) {
        assertEquals(i, split[2 + (i % 2 == 0 ? i / 2 : (n + 1) / 2 + i / 2)]);
        assertEquals(i, Order.SPLIT.column(Order.SPLIT.place(i, n), n));
      }
      float[] back = new float[n + 1];
      Order.SPLIT.addTo(back, 1, split, 2, n);
      assertArrayEquals(x, back);
    }
  }

  @ParameterizedTest
  @EnumSource
  void sumsOfExponentialsAreWithinAMillionth(Twin twin) {
    Random random = new Random(5);
    for (int n : new int[] {1, 7, 16, 33, 49152}) {
      for (float spread : new float[] {0, 1, 8, 40}) {
        float[] x = TestMatrices.random(random, n + 3);
        for (int i = 0; i < x.length; i++) {
          x[i] = x[i] * spread - 12;
        }
        x[2] = Float.POSITIVE_INFINITY; // before the first: it must not count
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 3; i < n + 3; i++) {
          max = Math.max(max, x[i]);
        }
        double exact = 0;
        for (int i = 3; i < n + 3; i++) {
          exact += Math.exp((double) x[i] - max);
        }
        assertEquals(max, twin.kernels.max(x, 3, n));
        assertEquals(exact, twin.kernels.sumOfExps(x, 3, n, max), 1e-6 * exact, n + ", " + spread);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsNotANumberIsNotHiddenByAMaximumOrASum(Twin twin) {
    for (int n : new int[] {5, 40}) {
      for (int at : new int[] {0, n - 1}) {
        float[] x = new float[n];
        x[at] = Float.NaN;
        assertTrue(Float.isNaN(twin.kernels.max(x, 0, n)));
        assertTrue(Double.isNaN(twin.kernels.sumOfExps(x, 0, n, 0)));
      }
    }
  }

  @Test
  void ropeTurnsPairsHalfAHeadApart() {
    float[] x = {9, 1, 2, 3, 4};
    float[] cos = {0, (float) Math.cos(0.3), (float) Math.cos(2)};
    float[] sin = {0, (float) Math.sin(0.3), (float) Math.sin(2)};
    Kernels.rope(x, 1, 4, cos, sin, 1);
    assertArrayEquals(
        new float[] {
          9,
          (float) (Math.cos(0.3) - 3 * Math.sin(0.3)),
          (float) (2 * Math.cos(2) - 4 * Math.sin(2)),
          (float) (3 * Math.cos(0.3) + Math.sin(0.3)),
          (float) (4 * Math.cos(2) + 2 * Math.sin(2))
        },
        x,
        1e-6f);
  }
}
