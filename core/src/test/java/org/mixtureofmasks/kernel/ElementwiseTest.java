package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Norm, SiLU, softmax, order, rotation and attention against straightforward double code. */
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
  void attentionMixesValuesByTheSoftmaxOfScaledScores(Twin twin) {
    Random random = new Random(3);
    for (int headDim : new int[] {2, 8, 16, 48, 64, 80, 128}) {
      for (int places : new int[] {1, 2, 15, 16, 17, 40, 128, 129, 300}) {
        checkAttention(twin, random, headDim, 0, places);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void attentionSeesOnlyItsSpansWhereverTheyBegin(Twin twin) {
    Random random = new Random(4);
    for (int headDim : new int[] {8, 64}) {
      checkAttention(twin, random, headDim, 3, 4);
      checkAttention(twin, random, headDim, 0, 16, 16, 17, 31, 33);
      checkAttention(twin, random, headDim, 0, 21, 37, 38, 47, 48, 50, 97);
      checkAttention(twin, random, headDim, 0, 1, 5, 30, 95, 113);
      checkAttention(twin, random, headDim, 0, 127, 128, 131, 250, 260, 384, 385);
    }
  }

  @ParameterizedTest
  @EnumSource
  void fourQueriesGetTheBitsOfEachAlone(Twin twin) {
    int[][][] cases = {
      {{0, 5}, {0, 6}, {0, 7}, {0, 8}}, // neighbours in a text
      {{0, 1}, {0, 40}, {0, 41}, {0, 97}},
      {{0, 33}, {0, 33}, {0, 33}, {0, 33}},
      {{0, 16, 20, 21}, {0, 16, 20, 22}, {0, 16, 23, 24}, {0, 16, 23, 25}}, // branches
      {{5, 40}, {5, 41}, {5, 50, 60, 61}, {5, 45, 47, 48, 50, 97}},
      {{3, 4}, {0, 2}, {5, 9}, {7, 30}}, // nothing in common
      {{0, 17, 19, 60}, {0, 17, 19, 61}, {0, 17, 19, 60, 70, 71}, {0, 17, 19, 62}},
      {{0, 253}, {0, 254}, {0, 255}, {0, 256}}, // over the end of a page
      {{0, 100, 120, 140}, {0, 100, 120, 260}, {0, 100, 120, 129}, {0, 100, 120, 300}},
    };
    Random random = new Random(6);
    for (int headDim : new int[] {2, 8, 48, 64, 80}) {
      float[] q = TestMatrices.random(random, 5 * headDim);
      KvHead cache = cache(random, 2, 1, headDim, 300);
      int[] at = {headDim, 0, 3 * headDim, 4 * headDim};
      for (int[][] spans : cases) {
        float[] alone = new float[5 * headDim];
        for (int k = 0; k < 4; k++) {
          int[][] own = {spans[k]};
          twin.kernels.attend(q, new int[] {at[k]}, cache, own, 0.3f, new float[400], alone);
        }
        float[] four = new float[5 * headDim];
        twin.kernels.attend(q, at, cache, spans, 0.3f, new float[4 * 400], four);
        assertArrayEquals(alone, four, headDim + " x " + Arrays.deepToString(spans));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void headsOfAGroupGetTheBitsOfEachAlone(Twin twin) {
    Random random = new Random(7);
    for (int headDim : new int[] {8, 48, 64}) {
      KvHead cache = cache(random, 3, 2, headDim, 300);
      for (int heads : new int[] {1, 2, 3, 4, 5, 8, 9}) {
        float[] q = TestMatrices.random(random, heads * headDim);
        int[] at = new int[heads];
        int[][] spans = new int[heads][];
        float[] alone = new float[heads * headDim];
        for (int h = 0; h < heads; h++) {
          at[h] = h * headDim;
          spans[h] = new int[] {0, 291};
          int[][] own = {spans[h]};
          twin.kernels.attend(q, new int[] {at[h]}, cache, own, 0.3f, new float[323], alone);
        }
        float[] group = new float[heads * headDim];
        twin.kernels.attend(q, at, cache, spans, 0.3f, new float[heads * 323], group);
        assertArrayEquals(alone, group, heads + " heads of " + headDim);
      }
    }
  }

  /** A cache whose slots, used or not, hold anything. */
  private static KvHead cache(Random random, int head, int others, int headDim, int slots) {
    float[][] pages = new float[Math.ceilDiv(slots, KvHead.PAGE)][];
    for (int p = 0; p < pages.length; p++) {
      pages[p] = TestMatrices.random(random, KvHead.pageFloats(head + 1 + others, headDim));
    }
    return new KvHead(pages, head, headDim);
  }

  private static void checkAttention(Twin twin, Random random, int headDim, int... spans) {
    int end = spans[spans.length - 1];
    float[] q = TestMatrices.random(random, headDim + 4);
    float[] k = TestMatrices.random(random, end * headDim);
    float[] v = TestMatrices.random(random, end * headDim);
    // Beyond the last slot lies what truncated tokens left: it must not count.
    KvHead cache = cache(random, 1, 1, headDim, end);
    for (int t = 0; t < end; t++) {
      cache.put(t, k, v, t * headDim);
    }
    float scale = (float) (1 / Math.sqrt(headDim));
    float[] out = new float[headDim + 4];
    int[][] own = {spans};
    twin.kernels.attend(q, new int[] {4}, cache, own, scale, new float[end + 32], out);
    double[] p = new double[end];
    double sum = 0;
    for (int s = 0; s < spans.length; s += 2) {
      for (int t = spans[s]; t < spans[s + 1]; t++) {
        double dot = 0;
        for (int i = 0; i < headDim; i++) {
          dot += (double) q[4 + i] * k[t * headDim + i];
        }
        p[t] = Math.exp(dot * scale);
        sum += p[t];
      }
    }
    for (int i = 0; i < headDim; i++) {
      double exact = 0;
      for (int t = 0; t < end; t++) {
        exact += p[t] / sum * v[t * headDim + i];
      }
      assertEquals(exact, out[4 + i], 5e-6, headDim + " x " + Arrays.toString(spans));
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
