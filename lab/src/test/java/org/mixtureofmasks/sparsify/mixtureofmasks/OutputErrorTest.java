package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;

class OutputErrorTest {
  @BeforeAll
  static void natives() {
    Natives.start(2);
  }

  /** Q of one token whose gates add these numbers to an output of width 1. */
  private static float[] products(double... adds) {
    float[] q = new float[adds.length * adds.length];
    for (int i = 0; i < q.length; i++) {
      q[i] = (float) (adds[i / adds.length] * adds[i % adds.length]);
    }
    return q;
  }

  @Test
  void aDroppedGateIsExchangedForOneThatCancelsTheOther() {
    // Kept by importance: 3 and -2; dropped: 1.9 + 1.8 = 3.7, error 13.69. Keeping 1.9 adds 3.61 -
    // 2 · 1.9 · 3.7 = -10.45, dropping -2 then -3.2: error 0.04 = (-2 + 1.8)². Nothing better.
    float[] ranking = {9, 4, 3.61f, 3.24f};
    assertEquals(1, GateExchange.improve(ranking, 2, products(3, -2, 1.9, 1.8)));
    assertArrayEquals(new float[] {9, 3.61f, 4, 3.24f}, ranking);
  }

  @Test
  void gatesThatShareNoOutputStayWithTheMostImportant() {
    float[] ranking = {4, 9, 1};
    assertEquals(0, GateExchange.improve(ranking, 1, new float[] {4, 0, 0, 0, 9, 0, 0, 0, 1}));
    assertArrayEquals(new float[] {4, 9, 1}, ranking);
  }

  @Test
  void masksThatKeepEveryGateOrNoneStay() {
    for (int count : new int[] {0, 3}) {
      assertEquals(0, GateExchange.improve(new float[] {1, 2, 3}, count, products(1, 2, 3)));
    }
  }

  private static Tensor random(SplittableRandom r, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) r.nextGaussian();
    }
    return Tensors.of(values, rows, columns);
  }

  /** Mean over tokens of the squared distance between the dense and each token's masked output. */
  private static double error(FfnWeights weights, Tensor x, Tensor masks, Tensor chosen) {
    Tensor dropped = masks.index_select(0, chosen).neg().add(new Scalar(1));
    Tensor lost = weights.project(weights.activations(x).mul(dropped));
    return lost.mul(lost).sum(1).mean().item_double();
  }

  @Test
  void theErrorOfTheOutputFallsAndEachMaskKeepsItsCount() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      SplittableRandom r = new SplittableRandom(3);
      FfnWeights weights =
          new FfnWeights(random(r, 16, 6), random(r, 16, 6), random(r, 6, 16), Precision.FP32);
      Tensor x = random(r, 90, 6);
      long[] each = new long[90];
      for (int t = 0; t < each.length; t++) {
        each[t] = t % 2; // mask 2 has no token
      }
      Tensor chosen = Tensors.of(each, each.length);
      Tensor ranking = random(r, 3, 16);
      Tensor improved = new OutputError(weights, 1).improve(ranking, 8, x, chosen);
      double before = error(weights, x, KMasks.largest(ranking, 8), chosen);
      double after = error(weights, x, KMasks.largest(improved, 8), chosen);
      assertTrue(after < 0.9 * before, after + " after " + before);
      float[] was = Tensors.toFloats(ranking.select(0, 2));
      assertArrayEquals(was, Tensors.toFloats(improved.select(0, 2)));
      // u^T Q u is that error: all of one mask's tokens, blocks of 4 of which the first is kept.
      Tensor q = new OutputError(weights, 4).products(x);
      Tensor u = Tensors.of(new float[] {0, 1, 1, 1}, 4, 1);
      Tensor mask = Tensors.of(new float[] {1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 1, 16);
      double expected = error(weights, x, mask, Tensors.of(new long[90], 90));
      double found = u.t().matmul(q).matmul(u).item_double();
      assertEquals(expected, found, 1e-4 * expected);
    }
  }

  @Test
  void settingsThatWouldIgnoreTheCriterionAreRefused() {
    Options unions = Options.calibrated();
    unions.topK = 2;
    unions.criterion = Criterion.OUTPUT_ERROR;
    UserError k = assertThrows(UserError.class, unions::build);
    assertTrue(k.getMessage().contains("masks.top_k 2"), k.getMessage());
    Options ones = Options.ones();
    ones.criterion = Criterion.OUTPUT_ERROR;
    UserError start = assertThrows(UserError.class, ones::build);
    assertTrue(start.getMessage().contains("masks.start ones"), start.getMessage());
  }
}
