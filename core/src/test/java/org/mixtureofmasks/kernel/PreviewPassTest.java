package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreviewPassTest {
  private static final int D = 128;
  private static final int M = 192;
  private static final float STEP = 0.088f;

  private static PreviewFfn ffn(Format format, float inputs, float whole, float neurons) {
    Random random = new Random(7);
    Matrix records = TestMatrices.random(random, format, 3 * M, D);
    Matrix preview = TestMatrices.random(random, PreviewWeights.FORMAT, 2 * D, 2 * M);
    float[] scales = TestMatrices.random(random, 2 * D);
    for (int i = 0; i < scales.length; i++) {
      scales[i] = 0.02f + 0.01f * Math.abs(scales[i]);
    }
    float[] centres = TestMatrices.random(random, D);
    float[] base = TestMatrices.random(random, 2 * M);
    Matrix directions = TestMatrices.random(random, PreviewWeights.FORMAT, M, D);
    return new PreviewFfn(
        records, preview, scales, centres, base, directions, STEP, inputs, whole, neurons, null);
  }

  /** What the class comment of PreviewFfn says, in doubles but for the factors. */
  private static double[] expected(PreviewFfn ffn, float[] x, int t, double[] kept) {
    float[][] factors = new float[2][D]; // of gates and ups, whole inputs' bits together
    double[][] sums = new double[2][M];
    for (int half = 0; half < 2; half++) {
      for (boolean whole : new boolean[] {true, false}) {
        float most = 0;
        for (int i = 0; i < D; i++) {
          float off = x[t * D + i] - ffn.centres()[i];
          boolean listed =
              whole
                  ? Math.abs(off) > ffn.wholeThreshold() && Math.abs(off) > ffn.inputThreshold()
                  : Math.abs(off) > ffn.inputThreshold() && Math.abs(off) <= ffn.wholeThreshold();
          factors[half][i] = listed ? off * ffn.scales()[2 * i + half] : Float.NaN;
          most = listed ? Math.max(most, Math.abs(factors[half][i])) : most;
        }
        for (int i = 0; i < D; i++) {
          if (Float.isNaN(factors[half][i])) {
            continue;
          }
          kept[0] += half == 1 ? 0 : whole ? 1 : 0.5;
          double factor =
              most < 1e-30 ? 0 : Math.round(factors[half][i] * (127 / most)) * (most / 127.0);
          for (int j = 0; j < M; j++) {
            float upper = ffn.preview().get(i, half * M + j);
            float lower = ffn.preview().get(D + i, half * M + j);
            sums[half][j] += factor * (whole ? 4 * upper + lower - 7.5 : 3.54 * (upper - 1.5));
          }
        }
      }
      for (int j = 0; j < M; j++) {
        sums[half][j] += ffn.base()[half * M + j];
      }
    }
    double[] y = new double[D];
    double unit = ffn.neuronThreshold() / 127.0;
    for (int j = 0; j < M; j++) {
      double score = TestMatrices.silu(sums[0][j]) * sums[1][j];
      if (Math.abs(score) > ffn.neuronThreshold()) {
        kept[1]++;
        double gate = TestMatrices.dot(ffn.records(), 3 * j, x, t * D)[0];
        double up = TestMatrices.dot(ffn.records(), 3 * j + 1, x, t * D)[0];
        double a = TestMatrices.silu(gate) * up;
        for (int i = 0; i < D; i++) {
          y[i] += a * ffn.records().get(3 * j + 2, i);
        }
      } else {
        for (int i = 0; i < D && unit > 0; i++) {
          y[i] += Math.round(score / unit) * unit * STEP * (ffn.directions().get(j, i) - 1.5);
        }
      }
    }
    return y;
  }

  private static float[] run(
      PreviewFfn ffn,
      float[] x,
      int tokens,
      boolean step,
      Kernels kernels,
      int threads,
      double[] kept) {
    try (ParallelKernels parallel = new ParallelKernels(kernels, threads)) {
      Activations activations = new Activations(tokens, D);
      activations.step(step);
      System.arraycopy(x, 0, activations.values(), 0, tokens * D);
      activations.changed(tokens);
      float[] y = new float[tokens * D];
      new PreviewPass(D, threads).run(parallel, ffn, activations, y, kept);
      return y;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0.5, 1.5, 1",
    "0.5, 1.5, 0",
    "-1, 1, 2",
    "2, -1, 0.5",
    "1, 99, 0.7",
    "0.5, 1.5, -1",
    "-1, -1, 3"
  })
  void oneTokenAndManyGiveWhatTheFormulaSays(float inputs, float whole, float neurons) {
    for (Format format : new Format[] {F32.FORMAT, Bf16.FORMAT, Int8.FORMAT}) {
      PreviewFfn ffn = ffn(format, inputs, whole, neurons);
      int tokens = 70; // of which dense products are made
      float[] x = TestMatrices.random(new Random(8), tokens * D);
      for (Kernels kernels : new Kernels[] {new ScalarKernels(), KernelChoice.get().kernels()}) {
        for (boolean step : new boolean[] {true, false}) {
          double[] kept = new double[2];
          double[] counted = new double[2];
          float[] y = run(ffn, x, tokens, step, kernels, 2, counted);
          for (int t = 0; t < tokens; t++) {
            double[] expected = expected(ffn, x, t, kept);
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            double tolerance = 2e-5 * largest + 1.5 * STEP * Math.max(0, neurons) / 127;
            for (int i = 0; i < D; i++) {
              assertEquals(expected[i], y[t * D + i], tolerance, "token " + t + ", output " + i);
            }
          }
          assertArrayEquals(kept, counted, 1e-9);
          assertTrue(neurons >= 0 || counted[1] == tokens * M);
        }
      }
    }
  }

  @Test
  void aTokensBitsDoNotDependOnItsCompany() {
    PreviewFfn ffn = ffn(F32.FORMAT, 0.5f, 1.5f, 1);
    float[] x = TestMatrices.random(new Random(8), 5 * D);
    Kernels vector = KernelChoice.get().kernels();
    float[] together = run(ffn, x, 5, true, vector, 2, new double[2]);
    for (int t = 0; t < 5; t++) {
      float[] own = Arrays.copyOfRange(x, t * D, (t + 1) * D);
      float[] alone = run(ffn, own, 1, true, vector, 2, new double[2]);
      assertArrayEquals(Arrays.copyOfRange(together, t * D, (t + 1) * D), alone);
    }
  }

  @Test
  void anyNumberOfThreadsKeepsTheSame() {
    PreviewFfn ffn = ffn(F32.FORMAT, 0.5f, 1.5f, 1);
    float[] x = TestMatrices.random(new Random(8), 3 * D);
    Kernels kernels = KernelChoice.get().kernels();
    double[] kept = new double[2];
    float[] expected = run(ffn, x, 3, true, kernels, 1, kept);
    for (int threads : new int[] {2, 3, 5}) { // of 5 some have no neurons
      double[] counted = new double[2];
      float[] y = run(ffn, x, 3, true, kernels, threads, counted);
      assertArrayEquals(kept, counted);
      assertArrayEquals(expected, y, 1e-3f);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void anInputThatIsNoNumberShowsInItsTokenAlone(float input) {
    PreviewFfn ffn = ffn(F32.FORMAT, 0.5f, 1.5f, 1);
    for (int tokens : new int[] {2, 70}) {
      float[] x = TestMatrices.random(new Random(8), tokens * D);
      x[5] = input;
      float[] y = run(ffn, x, tokens, tokens == 2, KernelChoice.get().kernels(), 2, new double[2]);
      for (int i = 0; i < tokens * D; i++) {
        assertEquals(i < D, Float.isNaN(y[i]), tokens + " tokens, " + i);
      }
    }
  }

  @Test
  void inputsThatHardlyDifferFromTheirCentresCountNothing() {
    PreviewFfn ffn = ffn(F32.FORMAT, -1, -1, 1);
    float[] x = Arrays.copyOf(ffn.centres(), D);
    x[3] += Float.MIN_VALUE;
    double[] kept = new double[2];
    double[] expected = expected(ffn, x, 0, new double[2]);
    float[] y = run(ffn, x, 1, true, KernelChoice.get().kernels(), 1, kept);
    assertEquals(D, kept[0]);
    for (int i = 0; i < D; i++) {
      assertEquals(expected[i], y[i], 0.01);
    }
  }
}
