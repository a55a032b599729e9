package org.mixtureofmasks.sparsify.tokenmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.Preview;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;

class ByPreviewTest {
  private static final int D = 64;
  private static final int M = 64;

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
  private static double[] copy(double[] column, boolean whole) {
    double mean = Arrays.stream(column).average().orElseThrow();
    double deviation =
        Math.sqrt(Arrays.stream(column).map(w -> (w - mean) * (w - mean)).average().orElseThrow());
    double step = 0.3352 * deviation;
    return Arrays.stream(column)
        .map(w -> Math.clamp(Math.floor(w / step), -8, 7))
        .map(q -> whole ? q + 0.5 : 3.54 * (Math.floor(q / 4) + 0.5))
        .map(level -> level * step)
        .toArray();
  }

  /** Inputs of which all is read, then those of which the upper bits are, then none. */
  private static boolean whole(int i) {
    return i % 3 == 0;
  }

  private static boolean some(int i) {
    return i % 3 < 2;
  }

  private static List<Tensor> above() {
    float[] some = new float[D];
    float[] whole = new float[D];
    for (int i = 0; i < D; i++) {
      some[i] = some(i) ? 1 : 0;
      whole[i] = whole(i) ? 1 : 0;
    }
    return List.of(Tensors.of(some, 1, D), Tensors.of(whole, 1, D));
  }

  private static float[] scores(ByPreview choice, float[] x, FfnWeights weights) {
    Tensor scores = choice.scores(0, choice.seen(0, Tensors.of(x, 1, D)), above(), weights);
    assertFalse(scores.requires_grad());
    return Tensors.toFloats(scores);
  }

  private static double score(double g, double u) {
    return g / (1 + Math.exp(-g)) * u;
  }

  @Test
  void aScoreIsWhatTheCentresAndTheLevelsOfEachColumnGive() {
    try (PointerScope _ = new PointerScope()) {
      float[] gate = random(M * D, 1);
      float[] up = random(M * D, 2);
      float[] down = random(D * M, 3);
      float[] x = random(D, 4);
      float[] calibration = random(2 * D, 5);
      double[] g = new double[M];
      double[] u = new double[M];
      for (int i = 0; i < D; i++) {
        double centre = (calibration[i] + (double) calibration[D + i]) / 2;
        double[] gates = new double[M];
        double[] ups = new double[M];
        for (int j = 0; j < M; j++) {
          double norm = 0;
          for (int r = 0; r < D; r++) {
            norm += down[r * M + j] * down[r * M + j];
          }
          gates[j] = gate[j * D + i];
          ups[j] = up[j * D + i] * Math.sqrt(norm);
          g[j] += centre * gates[j];
          u[j] += centre * ups[j];
        }
        gates = copy(gates, whole(i));
        ups = copy(ups, whole(i));
        for (int j = 0; j < M && some(i); j++) {
          g[j] += (x[i] - centre) * gates[j];
          u[j] += (x[i] - centre) * ups[j];
        }
      }
      float[] expected = new float[M];
      for (int j = 0; j < M; j++) {
        expected[j] = (float) score(g[j], u[j]);
      }
      ByPreview choice = choice();
      choice.learn(0, Tensors.of(calibration, 2, D));
      assertArrayEquals(expected, scores(choice, x, weights()), 4e-4f);
    }
  }

  @Test
  void aModelFolderHoldsTheSameCopy() {
    try (PointerScope _ = new PointerScope()) {
      float[] x = random(D, 4);
      float[] norms = Preview.norms(random(D * M, 3), M);
      Preview stored = Preview.of(random(M * D, 1), random(M * D, 2), norms, new float[D]);
      float[] scales = stored.scales();
      double[][] sums = new double[2][M];
      for (int i = 0; i < D; i++) {
        for (int half = 0; half < 2 && some(i); half++) {
          for (int j = 0; j < M; j++) {
            int upper = bits(stored, i, half, j);
            int lower = bits(stored, D + i, half, j);
            double level = whole(i) ? 4 * upper + lower - 7.5 : Preview.COARSE * (upper - 1.5);
            sums[half][j] += x[i] * scales[2 * i + half] * level;
          }
        }
      }
      float[] expected = new float[M];
      for (int j = 0; j < M; j++) {
        expected[j] = (float) score(sums[0][j], sums[1][j]);
      }
      assertArrayEquals(expected, scores(choice(), x, weights()), 4e-4f);
    }
  }

  private static int bits(Preview stored, int row, int half, int neuron) {
    return stored.planes()[(row * 2 + half) * 16 + neuron % 16] >> 2 * (neuron / 16) & 3;
  }

  @Test
  void theCopyIsMadeAgainWhenTheWeightsHaveMoved() {
    try (PointerScope _ = new PointerScope()) {
      ByPreview choice = choice();
      FfnWeights weights = weights();
      float[] x = random(D, 4);
      float[] before = scores(choice, x, weights);
      weights.up().mul_(new Scalar(2.0));
      assertArrayEquals(before, scores(choice, x, weights));
      choice.weightsMoved();
      float[] after = scores(choice, x, weights);
      for (int j = 0; j < M; j++) {
        assertEquals(2 * before[j], after[j], 1e-4 * Math.abs(before[j]) + 1e-6);
      }
    }
  }

  /** The direction of a down column in two bits, by the rule's own words, in fp64. */
  private static double[] direction(float[] down, int j) {
    double norm = Math.sqrt(IntStream.range(0, D).mapToDouble(i -> square(down[i * M + j])).sum());
    double step = 0.9957 / Math.sqrt(D);
    return IntStream.range(0, D)
        .mapToDouble(i -> Math.clamp(Math.floor(down[i * M + j] / norm / step), -2, 1))
        .map(q -> (q + 0.5) * step)
        .toArray();
  }

  private static double square(double value) {
    return value * value;
  }

  @Test
  void otherNeuronsAddTheirScoreTimesADirectionInTwoBits() {
    try (PointerScope _ = new PointerScope()) {
      ByPreview choice = choice();
      FfnWeights weights = weights();
      Tensor x = Tensors.of(random(D, 4), 1, D);
      Tensor scores = choice.scores(0, choice.seen(0, x), above(), weights);
      Tensor a = choice.activations(x, scores, weights);
      float[] kept = new float[M];
      for (int j = 0; j < M; j++) {
        kept[j] = j % 3 == 0 ? 1 : 0;
      }
      float[] down = random(D * M, 3);
      float[] scored = Tensors.toFloats(scores);
      float[] exact = Tensors.toFloats(a);
      float[] expected = new float[D];
      for (int j = 0; j < M; j++) {
        double[] direction = direction(down, j);
        for (int i = 0; i < D; i++) {
          expected[i] +=
              (float) (kept[j] == 1 ? exact[j] * down[i * M + j] : scored[j] * direction[i]);
        }
      }
      Tensor y = choice.output(0, a, scores, Tensors.of(kept, 1, M), weights);
      assertArrayEquals(expected, Tensors.toFloats(y), 2e-3f * norm(expected));
    }
  }

  private static float norm(float[] values) {
    double squares = 0;
    for (float value : values) {
      squares += square(value);
    }
    return (float) Math.sqrt(squares / values.length);
  }

  @Test
  void backwardAllNeuronsCountAsComputed() {
    try (PointerScope _ = new PointerScope()) {
      ByPreview choice = choice();
      FfnWeights weights = weights();
      Tensor x = Tensors.of(random(D, 4), 1, D);
      Tensor scores = choice.scores(0, choice.seen(0, x), above(), weights);
      Tensor none = torch.zeros_like(scores);
      Tensor ofDense = x.clone().requires_grad_(true);
      weights.dense(ofDense).sum().backward();
      Tensor ofMasked = x.clone().requires_grad_(true);
      Tensor a = choice.activations(ofMasked, scores, weights);
      choice.output(0, a, scores, none, weights).sum().backward();
      assertArrayEquals(Tensors.toFloats(ofDense.grad()), Tensors.toFloats(ofMasked.grad()), 1e-3f);
    }
  }

  @Test
  void aColumnOfOneValueGivesNothing() {
    try (PointerScope _ = new PointerScope()) {
      FfnWeights weights = weights();
      weights.gate().fill_(new Scalar(0.5));
      for (float score : scores(choice(), random(D, 4), weights)) {
        assertEquals(0, score, 1e-6f);
      }
    }
  }

  @Test
  void asManyBitsAreReadAsTheShareOfInputsSays() {
    ByPreview choice = new ByPreview();
    for (double inputs : new double[] {0.1, 0.45, 0.7, 0.9, 1}) {
      double[] tiers = choice.tiers(inputs);
      assertEquals(inputs, (tiers[0] + tiers[1]) / 2, 1e-12);
      assertTrue(tiers[1] <= tiers[0] && tiers[0] <= 1 && tiers[1] >= 0);
    }
  }

  @Test
  void whatEveryTokenReadsCountsToo() {
    ByPreview choice = choice();
    double always = (3 * D + 2 * M + 3) * 4 / (6.0 * D * M);
    assertEquals(0.5, choice.share(new Kept(0.45, choice.neurons(0.5, 0.45))), 1e-12);
    double neurons = choice.neurons(0.5, 0.45);
    assertEquals(0.5 - 0.45 / 6 - always, neurons + 1 / 24.0, 1e-12);
  }

  /** A direction of 64 outputs is a quarter of a line. */
  @Test
  void directionsCountByTheirLinesButNoMoreThanAllOfThem() {
    ByPreview choice = choice();
    double none = choice.share(new Kept(0, 0));
    assertEquals(0.5, choice.share(new Kept(0, 0.5)) - none, 1e-12);
    assertEquals(0.9 - 0.6 / 24, choice.share(new Kept(0, 0.9)) - none, 1e-12);
    assertEquals(0.9, choice.neurons(choice.share(new Kept(0.3, 0.9)), 0.3), 1e-12);
  }

  @Test
  void theShareCountsTheCopysBytes() {
    ByPreview choice = new ByPreview();
    Kept kept = new Kept(0.45, choice.neurons(0.5, 0.45));
    assertEquals(0.5, choice.share(kept), 1e-12);
    assertEquals(0.4, choice.weights(kept), 1e-12); // 0.4 + 0.6 / 24 + 0.45 / 6
    assertTrue(choice.share(new Kept(1, 1)) > 1);
  }
}
