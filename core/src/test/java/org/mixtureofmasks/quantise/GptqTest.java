package org.mixtureofmasks.quantise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.kernel.Q4;
import org.mixtureofmasks.kernel.Rounding;
import org.mixtureofmasks.kernel.VectorKernels;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GptqTest {
  private static final int N = 160; // more than a block of the factorisation, and a broken one
  private static final int TOKENS = 300;

  private final ParallelKernels kernels = new ParallelKernels(new VectorKernels(), 2);

  @AfterAll
  void close() {
    kernels.close();
  }

  /** Inputs whose elements go together, as those of real layers do. */
  private static float[] inputs(Random random) {
    float[] x = new float[TOKENS * N];
    for (int t = 0; t < TOKENS; t++) {
      double common = random.nextGaussian();
      for (int i = 0; i < N; i++) {
        x[t * N + i] = (float) (common * (i % 7) + random.nextGaussian());
      }
    }
    return x;
  }

  private SecondMoments moments(float[] x, float count) {
    SecondMoments moments = new SecondMoments(N);
    float[] counts = new float[TOKENS];
    Arrays.fill(counts, count);
    moments.add(kernels, x, TOKENS, counts);
    return moments;
  }

  @Test
  void secondMomentsAreSumsOverTokensOfProductsTimesTheirCount() {
    float[] x = inputs(new Random(1));
    float[] sums = moments(x, 2).sums();
    for (int i = 0; i < N; i += 13) {
      for (int k = 0; k < N; k += 11) {
        double sum = 0;
        for (int t = 0; t < TOKENS; t++) {
          sum += 2.0 * x[t * N + i] * x[t * N + k];
        }
        assertEquals(sum, sums[i * N + k], 1e-5 * (sums[i * N + i] + sums[k * N + k]));
      }
    }
  }

  @Test
  void theFactorTimesItsTransposeIsTheInverseOfTheDampedMoments() {
    SecondMoments moments = moments(inputs(new Random(2)), 1);
    float[] h = moments.sums();
    float[] u = InverseFactor.of(moments, kernels);
    double mean = 0;
    for (int i = 0; i < N; i++) {
      mean += h[i * N + i] / N;
    }
    for (int i = 0; i < N; i++) {
      for (int k = 0; k < N; k++) {
        double product = 0; // of H + λI and UᵀU
        for (int j = 0; j < N; j++) {
          double inverse = 0;
          for (int r = 0; r <= Math.min(j, k); r++) {
            inverse += (double) u[r * N + j] * u[r * N + k];
          }
          product += (h[i * N + j] + (i == j ? 0.1 * mean : 0)) * inverse;
        }
        assertEquals(i == k ? 1 : 0, product, 1e-2, i + ", " + k);
        assertTrue(k >= i || u[i * N + k] == 0);
      }
    }
  }

  /** Σ over rows of e H eᵀ, e the error of a row: the squared error of the layer's outputs. */
  private static double loss(float[] h, float[] w, float[] rounded) {
    double loss = 0;
    for (int r = 0; r < w.length / N; r++) {
      for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int k = 0; k < N; k++) {
          sum += h[i * N + k] * (w[r * N + k] - rounded[r * N + k]);
        }
        loss += sum * (w[r * N + i] - rounded[r * N + i]);
      }
    }
    return loss;
  }

  private static float[] gaussian(Random random) {
    float[] w = new float[Gptq.ROWS * N];
    for (int i = 0; i < w.length; i++) {
      w[i] = (float) random.nextGaussian();
    }
    return w;
  }

  @Test
  void blocksAlongRowsLoseLessOfTheOutputsThanToTheNearest() {
    Random random = new Random(3);
    SecondMoments moments = moments(inputs(random), 1);
    float[] w = gaussian(random);
    float[] nearest = new float[w.length];
    byte[] q = new byte[w.length];
    for (int at = 0; at < w.length; at += Q4.BLOCK) {
      float scale = Rounding.q4(w, at, q);
      for (int i = at; i < at + Q4.BLOCK; i++) {
        nearest[i] = scale * q[i];
      }
    }
    float[] scales = new float[w.length / Q4.BLOCK];
    new Gptq(InverseFactor.of(moments, kernels), N).along(w.clone(), Gptq.ROWS, q, scales);
    float[] rounded = new float[w.length];
    for (int i = 0; i < w.length; i++) {
      rounded[i] = scales[i / Q4.BLOCK] * q[i];
    }
    double gained = loss(moments.sums(), w, rounded) / loss(moments.sums(), w, nearest);
    assertTrue(gained < 0.7, "" + gained);
  }

  @Test
  void blocksAcrossRowsLoseLessOfTheOutputsThanToTheNearest() {
    Random random = new Random(4);
    SecondMoments moments = moments(inputs(random), 1);
    float[] w = gaussian(random);
    float[] nearest = new float[w.length];
    float[] column = new float[Gptq.ROWS];
    byte[] q = new byte[w.length];
    for (int j = 0; j < N; j++) {
      for (int r = 0; r < Gptq.ROWS; r++) {
        column[r] = w[r * N + j];
      }
      float scale = Rounding.q4(column, 0, q);
      for (int r = 0; r < Gptq.ROWS; r++) {
        nearest[r * N + j] = scale * q[r];
      }
    }
    float[] scales = new float[N];
    new Gptq(InverseFactor.of(moments, kernels), N).across(w.clone(), q, scales);
    float[] rounded = new float[w.length];
    for (int i = 0; i < w.length; i++) {
      rounded[i] = scales[i % N] * q[i];
    }
    double gained = loss(moments.sums(), w, rounded) / loss(moments.sums(), w, nearest);
    assertTrue(gained < 0.7, "" + gained);
  }

  @Test
  void withoutAnyInputWeightsAreRoundedToTheNearest() {
    float[] w = gaussian(new Random(5));
    byte[] q = new byte[w.length];
    byte[] nearest = new byte[w.length];
    new Gptq(InverseFactor.of(new SecondMoments(N), kernels), N)
        .along(w.clone(), Gptq.ROWS, q, new float[w.length / Q4.BLOCK]);
    for (int at = 0; at < w.length; at += Q4.BLOCK) {
      Rounding.q4(w, at, nearest);
    }
    assertTrue(Arrays.equals(nearest, q));
  }

  @Test
  void activationsThatAreNoNumbersAreAnErrorWithAWayOut() {
    float[] x = inputs(new Random(6));
    x[5] = Float.NaN;
    SecondMoments moments = moments(x, 1);
    UserError e = assertThrows(UserError.class, () -> InverseFactor.of(moments, kernels));
    assertTrue(e.getMessage().contains("--rounding nearest needs none"), e.getMessage());
  }

  @Test
  void tokensOfRareExpertsCountMore() {
    ExpertBalance balance = new ExpertBalance(new long[][] {{90, 10, 0, 100}, {}});
    assertEquals(0.5f, balance.weight(0, new int[] {3}));
    assertEquals(5, balance.weight(0, new int[] {1}));
    assertEquals(8, balance.weight(0, new int[] {2}), "but not without bound");
    assertEquals((50f / 90 + 5) / 2, balance.weight(0, new int[] {0, 1}));
    assertEquals(0, balance.weight(0, new int[] {}), "no expert, no FFN");
    assertEquals(1, balance.weight(1, new int[] {}), "a dense layer");
    assertEquals(0, balance.fewest());
  }
}
