package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;

class InputImportanceTest {
  private static final int TOKENS = 6;
  private static final int D = 4;
  private static final int M = 8;

  @BeforeAll
  static void natives() {
    Natives.start(2);
  }

  private static float[] random(SplittableRandom r, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) r.nextGaussian();
    }
    return values;
  }

  private static double activation(float[] x, int token, float[] gate, float[] up, int j) {
    double g = 0;
    double u = 0;
    for (int i = 0; i < D; i++) {
      g += x[token * D + i] * gate[j * D + i];
      u += x[token * D + i] * up[j * D + i];
    }
    return g / (1 + Math.exp(-g)) * u;
  }

  @Test
  void itIsTheSquaredErrorOfTheOutputToFirstOrder() {
    SplittableRandom r = new SplittableRandom(4);
    float[] x = random(r, TOKENS * D);
    float[] gate = random(r, M * D);
    float[] up = random(r, M * D);
    float[] down = random(r, D * M);
    try (PointerScope _ = new PointerScope()) {
      FfnWeights weights =
          new FfnWeights(
              Tensors.of(gate, M, D), Tensors.of(up, M, D), Tensors.of(down, D, M), Precision.FP32);
      float[] actual =
          Tensors.toFloats(
              new InputImportance(weights, Options.calibrated().build())
                  .ofTokens(Tensors.of(x, TOKENS, D)));
      float step = 1e-3f;
      for (int t = 0; t < TOKENS; t++) {
        for (int i = 0; i < D; i++) {
          float[] more = x.clone();
          float[] less = x.clone();
          more[t * D + i] += step;
          less[t * D + i] -= step;
          double expected = 0;
          for (int j = 0; j < M; j++) {
            double norm = 0;
            for (int o = 0; o < D; o++) {
              norm += down[o * M + j] * (double) down[o * M + j];
            }
            double slope =
                (activation(more, t, gate, up, j) - activation(less, t, gate, up, j))
                    / (more[t * D + i] - (double) less[t * D + i]);
            expected += norm * Math.pow(slope * x[t * D + i], 2);
          }
          assertEquals(expected, actual[t * D + i], 1e-4 * (1 + expected));
        }
      }
    }
  }

  @Test
  void anInputThatNoNeuronReadsComesLastAndTheScaleIsTheNeurons() {
    SplittableRandom r = new SplittableRandom(5);
    float[] gate = random(r, M * D);
    float[] up = random(r, M * D);
    for (int j = 0; j < M; j++) {
      gate[j * D + 2] = 0;
      up[j * D + 2] = 0;
    }
    MixtureOfMasksOptions options = Options.calibrated().build(); // 4 masks, target 0.5
    try (PointerScope _ = new PointerScope()) {
      FfnWeights weights =
          new FfnWeights(
              Tensors.of(gate, M, D),
              Tensors.of(up, M, D),
              Tensors.of(random(r, D * M), D, M),
              Precision.FP32);
      Tensor x = Tensors.of(random(r, TOKENS * D), TOKENS, D);
      Tensor mean = Tensors.of(random(r, 4 * M), 4, M).exp();
      // Tokens 0 and 1 of mask 0, 2 to 4 of mask 1, 5 of mask 2, none of mask 3.
      float[] captured = new float[TOKENS * 4];
      int[] maskOf = {0, 0, 1, 1, 1, 2};
      for (int t = 0; t < TOKENS; t++) {
        captured[t * 4 + maskOf[t]] = 1;
      }
      InputImportance importance = new InputImportance(weights, options);
      float[] logAlpha =
          Tensors.toFloats(
              importance.logAlpha(x, new KMasks.Result(mean, Tensors.of(captured, TOKENS, 4))));
      for (int e = 0; e < 4; e++) {
        for (int i = 0; i < D; i++) {
          assertTrue(i == 2 || logAlpha[e * D + i] > logAlpha[e * D + 2] + 1);
        }
      }
      float[] s = Tensors.toFloats(importance.ofTokens(x));
      float[] log = Tensors.toFloats(mean.log());
      double centre = 0;
      double square = 0;
      for (int j = 0; j < M; j++) {
        centre += log[j] / M;
        square += log[j] * (double) log[j] / M;
      }
      double q = (Math.sqrt(13) - 1) / 4;
      double expected =
          (Math.log((s[0] + s[D]) / 2 / (2 * q * M) * (1 + 2 * q) * D) - centre)
              / Math.sqrt(square - centre * centre);
      assertEquals(expected, logAlpha[0], 1e-4);
      float[] all = Tensors.toFloats(importance.ofTokens(x).mean(0));
      assertEquals(
          logAlpha[3 * D] > logAlpha[3 * D + 1], all[0] > all[1], "no token: the mean of all");
    }
  }
}
