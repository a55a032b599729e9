package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the optional library computes between the products: the bits are those of Java. */
class NativeFloatsTest {
  private static final int BITS = VectorKernels.vectorBits();
  private static final float[] EXTREMES = {
    0, -0f, 1e-30f, -1e-30f, 80, -86, -88, 89, 3e38f, -3e38f, 1 / 0f, -1 / 0f, Float.NaN
  };

  private final VectorKernels java = new VectorKernels();

  private static NativeFloats floats() throws Exception {
    assumeTrue(BITS >= 256, "the library has no kernels for vectors of %d bits".formatted(BITS));
    NativeKernels.Link link = NativeKernels.link(BuiltLibrary.file().toString(), BITS);
    return Objects.requireNonNull(link.kernels(), link.reason()).floats();
  }

  static int[] sizes() {
    return new int[] {0, 1, 7, 8, 15, 16, 17, 31, 33, 64, 577, 1536};
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void evenAndOddElementsArePartedAsInJava(int n) throws Exception {
    float[] x = TestMatrices.random(new Random(n), n + 4);
    float[] expected = new float[n + 5];
    float[] got = expected.clone();
    java.split(x, 3, expected, 2, n);
    floats().split(x, 3, got, 2, n);
    assertArrayEquals(expected, got);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void tilesAreTransposedAsInJava(int n) throws Exception {
    int tile = java.tileTokens();
    float[] x = TestMatrices.random(new Random(n), n * tile + 4);
    for (int tokens : new int[] {0, 1, tile / 2 + 1, tile}) {
      float[] expected = new float[n * tile + 5];
      float[] got = expected.clone();
      java.transpose(x, 3, tokens, n, tile, expected, 2);
      floats().transpose(x, 3, tokens, n, got, 2);
      assertArrayEquals(expected, got, tokens + " tokens");
    }
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void normsHaveTheBitsOfJava(int n) throws Exception {
    Random random = new Random(n);
    float[] x = TestMatrices.random(random, n + 4);
    float[] w = TestMatrices.random(random, n);
    float[] expected = new float[n + 5];
    float[] got = expected.clone();
    java.rmsNorm(x, 3, w, 1e-5, expected, 2);
    floats().rmsNorm(x, 3, w, 1e-5, got, 2);
    assertArrayEquals(expected, got);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void theActivationHasTheBitsOfJava(int n) throws Exception {
    Random random = new Random(n);
    float[] up = TestMatrices.random(random, n + 2);
    float[] expected = TestMatrices.random(random, n + 3);
    for (int i = 0; i < n; i += 3) {
      expected[1 + i] = EXTREMES[i / 3 % EXTREMES.length];
    }
    float[] got = expected.clone();
    java.siluTimes(expected, 1, up, 2, n);
    floats().siluTimes(got, 1, up, 2, n);
    assertArrayEquals(expected, got);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void softmaxHasTheBitsOfJava(int n) throws Exception {
    float[] expected = TestMatrices.random(new Random(n), n + 3);
    for (int i = 0; i < n; i++) {
      expected[1 + i] *= 30;
    }
    float[] got = expected.clone();
    java.softmax(expected, 1, n);
    floats().softmax(got, 1, n);
    assertArrayEquals(expected, got);
  }

  @Test
  void softmaxOfExtremesHasTheBitsOfJava() throws Exception {
    for (float extreme : EXTREMES) {
      for (int at : new int[] {0, 5, 32}) {
        float[] expected = TestMatrices.random(new Random(1), 33);
        expected[at] = extreme;
        float[] got = expected.clone();
        java.softmax(expected, 0, 33);
        floats().softmax(got, 0, 33);
        assertArrayEquals(expected, got, extreme + " at " + at);
      }
    }
    float[] least = new float[40];
    Arrays.fill(least, Float.NEGATIVE_INFINITY);
    float[] got = least.clone();
    java.softmax(least, 0, 40);
    floats().softmax(got, 0, 40);
    assertArrayEquals(least, got);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void sumsHaveTheBitsOfJava(int n) throws Exception {
    Random random = new Random(n);
    float[] y = TestMatrices.random(random, n + 4);
    float[] expected = TestMatrices.random(random, n + 5);
    float[] got = expected.clone();
    java.add(expected, y, 2, n + 2);
    floats().add(got, y, 2, n + 2);
    assertArrayEquals(expected, got);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 6, 48, 64, 128})
  void headsAreTurnedAsInJava(int headDim) throws Exception {
    Random random = new Random(headDim);
    float[] cos = TestMatrices.random(random, headDim);
    float[] sin = TestMatrices.random(random, headDim);
    float[] expected = TestMatrices.random(random, 3 * headDim + 4);
    float[] got = expected.clone();
    java.rotate(expected, 2, 3, headDim, cos, sin, headDim / 2);
    floats().rotate(got, 2, 3, headDim, cos, sin, headDim / 2);
    assertArrayEquals(expected, got);
  }

  /**
   * Queries that see the same, that see less, and that see spans which begin in a block's middle.
   */
  @ParameterizedTest
  @CsvSource({"1, 64", "3, 64", "4, 64", "7, 48", "9, 80", "4, 5", "5, 33", "4, 128"})
  void attentionHasTheBitsOfJava(int queries, int headDim) throws Exception {
    NativeFloats library = floats();
    Random random = new Random(headDim);
    for (KvFormat format : new KvFormat[] {KvF32.FORMAT, KvBf16.FORMAT, KvInt8.FORMAT}) {
      KvHead cache = TestCaches.random(random, format, 1, 1, headDim, 384);
      for (int[] span : new int[][] {{0, 1}, {0, 5}, {0, 300}, {3, 40, 50, 180}, {130, 257}}) {
        int[] at = new int[queries];
        int[][] spans = new int[queries][];
        for (int k = 0; k < queries; k++) {
          at[k] = 1 + k * headDim;
          spans[k] = span.clone();
          int last = span.length - 1;
          spans[k][last] = Math.max(span[last - 1] + 1, span[last] - k / 2);
        }
        float[] q = TestMatrices.random(random, 1 + queries * headDim);
        float[] scores = new float[queries * (384 + 2 * Kernels.KEY_BLOCK)];
        float[] expected = new float[q.length];
        float[] got = new float[q.length];
        VectorAttention.attend(null, q, at, cache, spans, 0.3f, scores, expected);
        VectorAttention.attend(library, q, at, cache, spans, 0.3f, scores, got);
        assertArrayEquals(
            expected, got, "%s, slots %s".formatted(format.name(), Arrays.toString(span)));
      }
    }
  }

  @Test
  void whatLiesOutsideOfAnArrayIsRefused() throws Exception {
    NativeFloats library = floats();
    float[] x = new float[64];
    int[] none = {0};
    int[] far = {60};
    Class<IndexOutOfBoundsException> refused = IndexOutOfBoundsException.class;
    assertThrows(refused, () -> library.split(x, 60, new float[64], 0, 5));
    assertThrows(refused, () -> library.split(x, 0, new float[64], 60, 5));
    assertThrows(refused, () -> library.transpose(x, 0, 3, 32, new float[2048], 0));
    assertThrows(refused, () -> library.transpose(x, 0, 2, 32, x, 0));
    assertThrows(refused, () -> library.rmsNorm(x, 1, x, 1e-5, new float[64], 0));
    assertThrows(refused, () -> library.rmsNorm(x, 0, x, 1e-5, new float[63], 0));
    assertThrows(refused, () -> library.siluTimes(x, 1, x, 0, 64));
    assertThrows(refused, () -> library.siluTimes(x, 0, x, 1, 64));
    assertThrows(refused, () -> library.softmax(x, 1, 64));
    assertThrows(refused, () -> library.add(x, new float[63], 0, 64));
    assertThrows(refused, () -> library.rotate(x, 0, 5, 16, x, x, 0));
    assertThrows(refused, () -> library.rotate(x, 0, 4, 16, x, x, 60));
    float[] keys = new float[128];
    assertThrows(refused, () -> library.scores(x, far, 0, 1, keys, 0, 0, 8, 8, 1, keys, none, 0));
    assertThrows(refused, () -> library.scores(x, none, 0, 1, keys, 1, 0, 8, 8, 1, keys, none, 0));
    assertThrows(refused, () -> library.scores(x, none, 0, 1, keys, 0, 0, 8, 8, 1, x, far, 0));
    assertThrows(refused, () -> library.scores(x, none, 0, 2, keys, 0, 0, 8, 8, 1, keys, none, 0));
    assertThrows(refused, () -> library.mix(x, far, 0, 1, 0, keys, 0, 8, 8, x, none));
    assertThrows(refused, () -> library.mix(x, none, 0, 1, 0, keys, 65, 8, 8, x, none));
    assertThrows(refused, () -> library.mix(x, none, 0, 1, 0, keys, 0, 8, 8, x, far));
  }
}
