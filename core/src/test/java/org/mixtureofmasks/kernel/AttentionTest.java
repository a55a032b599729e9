package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention of both twins over every cache format against straightforward double code. */
class AttentionTest {
  record Case(Kernels kernels, KvFormat format) {
    @Override
    public String toString() {
      return kernels.name() + ", cache " + format.name();
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Kernels kernels : List.of(new VectorKernels(), new ScalarKernels())) {
      for (KvFormat format : List.of(KvF32.FORMAT, KvBf16.FORMAT, KvInt8.FORMAT)) {
        cases.add(new Case(kernels, format));
      }
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void attentionMixesValuesByTheSoftmaxOfScaledScores(Case c) {
    Random random = new Random(3);
    for (int headDim : new int[] {2, 6, 8, 16, 48, 64, 80, 128}) {
      for (int places : new int[] {1, 2, 15, 16, 17, 40, 128, 129, 300}) {
        check(c, random, headDim, 0, places);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void attentionSeesOnlyItsSpansWhereverTheyBegin(Case c) {
    Random random = new Random(4);
    for (int headDim : new int[] {8, 64}) {
      check(c, random, headDim, 3, 4);
      check(c, random, headDim, 0, 16, 16, 17, 31, 33);
      check(c, random, headDim, 0, 21, 37, 38, 47, 48, 50, 97);
      check(c, random, headDim, 0, 1, 5, 30, 95, 113);
      check(c, random, headDim, 0, 127, 128, 131, 250, 260, 384, 385);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void fourQueriesGetTheBitsOfEachAlone(Case c) {
    int[][][] all = {
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
      KvHead cache = TestCaches.random(random, c.format, 2, 1, headDim, 300);
      int[] at = {headDim, 0, 3 * headDim, 4 * headDim};
      for (int[][] spans : all) {
        float[] alone = new float[5 * headDim];
        for (int k = 0; k < 4; k++) {
          int[][] own = {spans[k]};
          c.kernels.attend(q, new int[] {at[k]}, cache, own, 0.3f, new float[400], alone);
        }
        float[] four = new float[5 * headDim];
        c.kernels.attend(q, at, cache, spans, 0.3f, new float[4 * 400], four);
        assertArrayEquals(alone, four, headDim + " x " + Arrays.deepToString(spans));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void headsOfAGroupGetTheBitsOfEachAlone(Case c) {
    Random random = new Random(7);
    for (int headDim : new int[] {8, 48, 64}) {
      KvHead cache = TestCaches.random(random, c.format, 3, 2, headDim, 300);
      for (int heads : new int[] {1, 2, 3, 4, 5, 8, 9}) {
        float[] q = TestMatrices.random(random, heads * headDim);
        int[] at = new int[heads];
        int[][] spans = new int[heads][];
        float[] alone = new float[heads * headDim];
        for (int h = 0; h < heads; h++) {
          at[h] = h * headDim;
          spans[h] = new int[] {0, 291};
          int[][] own = {spans[h]};
          c.kernels.attend(q, new int[] {at[h]}, cache, own, 0.3f, new float[323], alone);
        }
        float[] group = new float[heads * headDim];
        c.kernels.attend(q, at, cache, spans, 0.3f, new float[heads * 323], group);
        assertArrayEquals(alone, group, heads + " heads of " + headDim);
      }
    }
  }

  /** What is copied reads as what it was copied from, over pages and beside other heads. */
  @ParameterizedTest
  @MethodSource("cases")
  void slotsAreCopiedExactly(Case c) {
    Random random = new Random(8);
    KvHead cache = TestCaches.random(random, c.format, 1, 1, 10, 300);
    KvHead neighbour = new KvHead(c.format, cache.pages(), 2, 10);
    float other = neighbour.key(290, 3);
    cache.copy(17, 290);
    for (int i = 0; i < 10; i++) {
      assertEquals(cache.key(17, i), cache.key(290, i));
      assertEquals(cache.value(17, i), cache.value(290, i));
    }
    assertEquals(other, neighbour.key(290, 3));
  }

  /** The most that a stored number may differ from what was put. */
  private static double bound(KvFormat format, float[] x, int at, int n, int i) {
    if (format == KvF32.FORMAT) {
      return 0;
    }
    if (format == KvBf16.FORMAT) {
      return 0x1p-8 * Math.abs(x[at + i]);
    }
    double most = 0;
    for (int k = 0; k < n; k++) {
      most = Math.max(most, Math.abs(x[at + k]));
    }
    return most / 254 * (1 + 0x1p-15);
  }

  /**
   * Against numbers as they are stored, to float32 rounding; and against those that were put: if no
   * score is off by more than s, no probability is by more than a factor of e^2s, and the output by
   * no more than (e^2s - 1) of the largest value and what that is off itself.
   */
  private static void check(Case c, Random random, int headDim, int... spans) {
    int end = spans[spans.length - 1];
    float[] q = TestMatrices.random(random, headDim + 4);
    float[] k = TestMatrices.random(random, end * headDim);
    float[] v = TestMatrices.random(random, end * headDim);
    // Beyond the last slot lies what truncated tokens left: it must not count.
    KvHead cache = TestCaches.random(random, c.format, 1, 1, headDim, end);
    float scale = (float) (1 / Math.sqrt(headDim));
    double offScore = 0;
    double offValue = 0;
    double largest = 0;
    float[] storedK = new float[k.length];
    float[] storedV = new float[v.length];
    for (int t = 0; t < end; t++) {
      cache.put(t, k, v, t * headDim);
      double off = 0;
      for (int i = 0; i < headDim; i++) {
        int at = t * headDim + i;
        storedK[at] = cache.key(t, i);
        storedV[at] = cache.value(t, i);
        double keyBound = bound(c.format, k, t * headDim, headDim, i);
        double valueBound = bound(c.format, v, t * headDim, headDim, i);
        assertEquals(k[at], storedK[at], keyBound);
        assertEquals(v[at], storedV[at], valueBound);
        off += Math.abs(q[4 + i]) * keyBound * scale;
        offValue = Math.max(offValue, valueBound);
        largest = Math.max(largest, Math.abs(v[at]));
      }
      offScore = Math.max(offScore, off);
    }
    float[] out = new float[headDim + 4];
    int[][] own = {spans};
    c.kernels.attend(q, new int[] {4}, cache, own, scale, new float[end + 32], out);
    double[] stored = reference(q, storedK, storedV, headDim, scale, spans);
    double[] exact = reference(q, k, v, headDim, scale, spans);
    double bound = Math.expm1(2 * offScore) * largest + offValue + 5e-6;
    for (int i = 0; i < headDim; i++) {
      String what = headDim + " x " + Arrays.toString(spans);
      assertEquals(stored[i], out[4 + i], 5e-6, what);
      assertTrue(Math.abs(exact[i] - out[4 + i]) <= bound, what);
    }
  }

  private static double[] reference(
      float[] q, float[] k, float[] v, int headDim, float scale, int[] spans) {
    double[] out = new double[headDim];
    double sum = 0;
    for (int s = 0; s < spans.length; s += 2) {
      for (int t = spans[s]; t < spans[s + 1]; t++) {
        double dot = 0;
        for (int i = 0; i < headDim; i++) {
          dot += (double) q[4 + i] * k[t * headDim + i];
        }
        double p = Math.exp(dot * scale);
        sum += p;
        for (int i = 0; i < headDim; i++) {
          out[i] += p * v[t * headDim + i];
        }
      }
    }
    for (int i = 0; i < headDim; i++) {
      out[i] /= sum;
    }
    return out;
  }
}
