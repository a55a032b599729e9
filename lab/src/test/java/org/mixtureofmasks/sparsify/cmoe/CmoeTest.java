package org.mixtureofmasks.sparsify.cmoe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.TestRecipe;
import org.mixtureofmasks.sparsify.LayerByLayer;
import org.mixtureofmasks.sparsify.Shipped;
import org.mixtureofmasks.sparsify.Sums;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;

class CmoeTest {
  private static final int D = 16;
  private static final int NEURONS = 24;

  @TempDir Path folder;

  private static long[][] rows() {
    SplittableRandom random = new SplittableRandom(3);
    long[][] rows = new long[12][8];
    for (long[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextInt(50);
      }
    }
    return rows;
  }

  /** |SiLU(g·x) (u·x)| of rows of a gate and an up matrix, in doubles. */
  private static double answer(float[] gate, float[] up, int row, float[] x, int token) {
    double g = 0;
    double u = 0;
    for (int i = 0; i < D; i++) {
      g += gate[row * D + i] * (double) x[token * D + i];
      u += up[row * D + i] * (double) x[token * D + i];
    }
    return Math.abs(g / (1 + Math.exp(-g)) * u);
  }

  private static void unit(float[] rows) {
    for (int r = 0; r < rows.length / D; r++) {
      double sum = 0;
      for (int i = 0; i < D; i++) {
        sum += rows[r * D + i] * (double) rows[r * D + i];
      }
      for (int i = 0; i < D; i++) {
        rows[r * D + i] /= (float) Math.sqrt(sum);
      }
    }
  }

  private static float[] random(int n) {
    SplittableRandom random = new SplittableRandom(8);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  /** The k largest of the scores. */
  private static boolean[] largest(double[] scores, int k) {
    boolean[] chosen = new boolean[scores.length];
    for (int i = 0; i < k; i++) {
      int best = -1;
      for (int j = 0; j < scores.length; j++) {
        best = !chosen[j] && (best < 0 || scores[j] > scores[best]) ? j : best;
      }
      chosen[best] = true;
    }
    return chosen;
  }

  private static Cmoe cmoe(String keys) {
    return new Cmoe(CmoeOptions.of(TestRecipe.of(CmoeOptions.section(), keys)));
  }

  @Test
  void tokensMarkTheNeuronsThatAnswerThemMostStronglyWithoutTheirLengths() {
    int tokens = 30;
    int perToken = 5;
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      FfnWeights weights = TestModels.tiny(2, Precision.FP32).ffn(0);
      float[] x = random(tokens * D);
      Sums sums = NeuronMarks.none(NEURONS);
      NeuronMarks.add(Tensors.of(x, tokens, D), weights, perToken, sums);
      float[] counted = NeuronMarks.together(sums);
      float[] gate = Tensors.toFloats(weights.gate());
      float[] up = Tensors.toFloats(weights.up());
      unit(gate);
      unit(up);
      unit(x);
      float[] expected = new float[NEURONS * NEURONS];
      for (int t = 0; t < tokens; t++) {
        double[] h = new double[NEURONS];
        for (int j = 0; j < NEURONS; j++) {
          h[j] = answer(gate, up, j, x, t);
        }
        boolean[] marked = largest(h, perToken);
        for (int a = 0; a < NEURONS; a++) {
          for (int b = 0; b < NEURONS; b++) {
            expected[a * NEURONS + b] += marked[a] && marked[b] ? 1 : 0;
          }
        }
      }
      assertArrayEquals(expected, counted);
    }
  }

  @Test
  void theRouterIsTheRepresentativesAndTheFfnTheirExpertsPlusTheSharedOnes() {
    DecoderModule model = TestModels.tiny(2, Precision.FP32);
    Cmoe cmoe = cmoe("experts: 6, shared: 2, active: 1, marks: 5");
    LayerByLayer.prepare(cmoe, model, rows());
    ExpertMasks masks = cmoe.shipped().orElseThrow().masks();
    assertEquals(4, masks.experts());
    assertEquals(0.5, masks.activeShare(1), 1e-12);
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      FfnWeights weights = model.ffn(0);
      float[] x = random(10 * D);
      Tensor input = Tensors.of(x, 10, D);
      float[] router = Shipped.routers(cmoe).getFirst();
      float[] gate = java.util.Arrays.copyOfRange(router, 0, 4 * D);
      float[] up = java.util.Arrays.copyOfRange(router, 4 * D, 8 * D);
      for (int e = 0; e < 4; e++) {
        assertTrue(isANeuronOf(masks, e, gate, up, weights), "representative of " + e);
      }
      float[] v = new float[10 * NEURONS];
      for (int t = 0; t < 10; t++) {
        double[] score = new double[4];
        for (int e = 0; e < 4; e++) {
          score[e] = answer(gate, up, e, x, t);
        }
        boolean[] chosen = largest(score, 1);
        for (int j = 0; j < NEURONS; j++) {
          for (int e = 0; e < 4; e++) {
            v[t * NEURONS + j] += chosen[e] && masks.mask(Dimension.NEURONS, 0, e).on(j) ? 1 : 0;
          }
        }
      }
      Tensor expected = weights.project(weights.activations(input).mul(Tensors.of(v, 10, NEURONS)));
      assertArrayEquals(
          Tensors.toFloats(expected),
          Tensors.toFloats(cmoe.feedForward().apply(0, input, weights)),
          1e-5f);
    }
  }

  /** Whether router rows e are a neuron's rows of length 1, one of expert e's own. */
  private static boolean isANeuronOf(
      ExpertMasks masks, int e, float[] gate, float[] up, FfnWeights weights) {
    float[] g = Tensors.toFloats(weights.gate());
    float[] u = Tensors.toFloats(weights.up());
    unit(g);
    unit(u);
    for (int j = 0; j < NEURONS; j++) {
      double off = 0;
      for (int i = 0; i < D; i++) {
        off += Math.abs(g[j * D + i] - gate[e * D + i]) + Math.abs(u[j * D + i] - up[e * D + i]);
      }
      if (off < 1e-4) {
        return masks.mask(Dimension.NEURONS, 0, e).on(j)
            && !masks.mask(Dimension.NEURONS, 0, (e + 1) % 4).on(j);
      }
    }
    return false;
  }

  @Test
  void sharedNeuronsThatTwoChosenExpertsHoldCountOnce() {
    DecoderModule model = TestModels.tiny(2, Precision.FP32);
    Cmoe all = cmoe("experts: 6, shared: 2, active: 4, marks: 5"); // every expert for every token
    LayerByLayer.prepare(all, model, rows());
    assertEquals(
        new Routing(Routing.Score.SWIGLU, Routing.Select.TOP_K, 4, 0, Routing.Weights.ONES),
        Shipped.routing(all));
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Tensor x = Tensors.of(random(10 * D), 10, D);
      assertArrayEquals(
          Tensors.toFloats(model.ffn(1).dense(x)),
          Tensors.toFloats(all.feedForward().apply(1, x, model.ffn(1))),
          1e-5f);
    }
  }

  @Test
  void trainingMovesTheWeightsAndKeepsExpertsAndRouters() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    String keys = "cmoe: {experts: 8, shared: 2, active: 2, marks: 4, calibration_tokens: 96}\n";
    Recipe recipe = tiny.recipe("cmoe", keys);
    try (Trainer trainer = Trainer.begin(recipe, tiny.path("run"), TrainingListener.SILENT)) {
      boolean[][][] masks = Shipped.neurons(trainer.method());
      float[] router = Shipped.routers(trainer.method()).getFirst();
      float[] down = Tensors.toFloats(trainer.model().ffn(0).down());
      trainer.train(3);
      assertArrayEquals(router, Shipped.routers(trainer.method()).getFirst());
      assertArrayEquals(masks, Shipped.neurons(trainer.method()));
      assertFalse(java.util.Arrays.equals(down, Tensors.toFloats(trainer.model().ffn(0).down())));
      assertEquals(0.5, (double) trainer.method().metrics().get("active_ffn_share"), 1e-6);
    }
    try (Trainer resumed = Trainer.resume(tiny.path("run"), TrainingListener.SILENT)) {
      resumed.train(4);
      assertEquals(8 * 2 - 4, Shipped.routers(resumed.method()).getFirst().length / D);
    }
  }

  @Test
  void partsThatDoNotAddUpAreRefusedWithTheKeyToMend() {
    refused("cmoe.experts is 7, which does not divide", "experts: 7, active: 3");
    refused("cmoe.shared is 8 of cmoe.experts 8", "experts: 8, shared: 8");
    refused("cmoe.active is 5: give 1 to 4", "experts: 8, shared: 4, active: 5");
    refused("cmoe.marks is 25, but the model has 24 neurons", "experts: 8, marks: 25");
  }

  private void refused(String message, String keys) {
    UserError error =
        assertThrows(
            UserError.class,
            () -> {
              TinyRun tiny = new TinyRun(folder);
              Recipe recipe = tiny.recipe("cmoe", "cmoe: {" + keys + "}\n");
              Trainer.begin(recipe, tiny.path("refused"), TrainingListener.SILENT).close();
            });
    assertTrue(error.getMessage().startsWith(message), error.getMessage());
    assertEquals(2, error.exitCode());
  }
}
