package org.mixtureofmasks.sparsify.tokenmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.Preview;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;

class ByPreviewTest {
  private static final int D = 16;
  private static final int M = 32;

  private static float[] random(int n, long seed) {
    Random random = new Random(seed);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static FfnWeights weights() {
    return new FfnWeights(
        Tensors.of(random(M * D, 1), M, D),
        Tensors.of(random(M * D, 2), M, D),
        Tensors.of(random(D * M, 3), D, M),
        Precision.FP32);
  }

  private static ByPreview choice() {
    ByPreview choice = new ByPreview();
    choice.begin(TestModels.tinyConfig(M));
    return choice;
  }

  /** What a copy gives for one column of m weights, by the rule's own words, in fp64. */
  private static double[] copy(double[] column) {
    double mean = Arrays.stream(column).average().orElseThrow();
    double deviation =
        Math.sqrt(Arrays.stream(column).map(w -> (w - mean) * (w - mean)).average().orElseThrow());
    double step = 0.3352 * deviation;
    return Arrays.stream(column)
        .map(w -> (Math.clamp(Math.floor(w / step), -8, 7) + 0.5) * step)
        .toArray();
  }

  @Test
  void aScoreIsWhatSixteenLevelsOfEachColumnGive() {
    try (PointerScope _ = new PointerScope()) {
      float[] gate = random(M * D, 1);
      float[] up = random(M * D, 2);
      float[] down = random(D * M, 3);
      float[] x = random(D, 4);
      x[3] = 0;
      double[] g = new double[M];
      double[] u = new double[M];
      for (int i = 0; i < D; i++) {
        double[] gates = new double[M];
        double[] ups = new double[M];
        for (int j = 0; j < M; j++) {
          double norm = 0;
          for (int r = 0; r < D; r++) {
            norm += down[r * M + j] * down[r * M + j];
          }
          gates[j] = gate[j * D + i];
          ups[j] = up[j * D + i] * Math.sqrt(norm);
        }
        gates = copy(gates);
        ups = copy(ups);
        for (int j = 0; j < M; j++) {
          g[j] += x[i] * gates[j];
          u[j] += x[i] * ups[j];
        }
      }
      float[] expected = new float[M];
      for (int j = 0; j < M; j++) {
        expected[j] = (float) (g[j] / (1 + Math.exp(-g[j])) * u[j]);
      }
      Tensor scores = choice().scores(0, Tensors.of(x, 1, D), weights());
      assertArrayEquals(expected, Tensors.toFloats(scores), 2e-4f);
      assertFalse(scores.requires_grad());
    }
  }

  @Test
  void aModelFolderHoldsTheSameCopy() {
    try (PointerScope _ = new PointerScope()) {
      float[] x = random(D, 4);
      Preview stored =
          Preview.of(random(M * D, 1), random(M * D, 2), Preview.norms(random(D * M, 3), M));
      float[] scales = stored.scales();
      byte[] nibbles = stored.nibbles();
      double[][] sums = new double[2][M];
      for (int i = 0; i < D; i++) {
        for (int half = 0; half < 2; half++) {
          for (int j = 0; j < M; j++) {
            int pair = nibbles[i * M + half * (M / 2) + j % 16];
            int q = pair >> (j < 16 ? 0 : 4) & 15;
            sums[half][j] += x[i] * scales[2 * i + half] * (q - 7.5);
          }
        }
      }
      float[] expected = new float[M];
      for (int j = 0; j < M; j++) {
        expected[j] = (float) (sums[0][j] / (1 + Math.exp(-sums[0][j])) * sums[1][j]);
      }
      assertArrayEquals(
          expected, Tensors.toFloats(choice().scores(0, Tensors.of(x, 1, D), weights())), 2e-4f);
    }
  }

  @Test
  void theCopyIsMadeAgainWhenTheWeightsHaveMoved() {
    try (PointerScope _ = new PointerScope()) {
      ByPreview choice = choice();
      FfnWeights weights = weights();
      Tensor x = Tensors.of(random(D, 4), 1, D);
      float[] before = Tensors.toFloats(choice.scores(0, x, weights));
      weights.up().mul_(new Scalar(2.0));
      assertArrayEquals(before, Tensors.toFloats(choice.scores(0, x, weights)));
      choice.weightsMoved();
      float[] after = Tensors.toFloats(choice.scores(0, x, weights));
      for (int j = 0; j < M; j++) {
        assertEquals(2 * before[j], after[j], 1e-4 * Math.abs(before[j]) + 1e-6);
      }
    }
  }

  @Test
  void aColumnOfOneValueGivesNothing() {
    try (PointerScope _ = new PointerScope()) {
      FfnWeights weights = weights();
      weights.gate().fill_(new Scalar(0.5));
      float[] scores =
          Tensors.toFloats(choice().scores(0, Tensors.of(random(D, 4), 1, D), weights));
      for (float score : scores) {
        assertEquals(0, score, 1e-6f);
      }
    }
  }

  @Test
  void theShareCountsTheCopysBytes() {
    ByPreview choice = new ByPreview();
    Kept kept = new Kept(0.45, choice.neurons(0.5, 0.45));
    assertEquals(0.5, choice.share(kept), 1e-12);
    assertEquals(0.425, choice.weights(kept), 1e-12);
    assertTrue(choice.share(new Kept(1, 1)) > 1);
  }
}
