package org.mixtureofmasks.sparsify.pertoken;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Locale;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.recipe.TestRecipe;
import org.mixtureofmasks.sparsify.LayerByLayer;

/** Two inputs, three neurons, one token (1, 1): small enough to work out by hand. */
class TokenRuleTest {
  @BeforeAll
  static void natives() {
    Natives.start(2);
  }

  private static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }

  private static FfnWeights weights(float[] gate, float[] up, float[] down) {
    return new FfnWeights(
        Tensors.of(gate, 3, 2), Tensors.of(up, 3, 2), Tensors.of(down, 2, 3), Precision.FP32);
  }

  /** x W_g = (1, 2, 1), x W_u = (1, 1, 1), down columns (3, 0), (1, 0), (0, 2). */
  private static FfnWeights weights() {
    return weights(
        new float[] {1, 0, 2, 0, 0, 1},
        new float[] {1, 0, 1, 0, 0, 1},
        new float[] {3, 1, 0, 0, 0, 2});
  }

  private static Tensor x() {
    return Tensors.of(new float[] {1, 1}, 1, 2);
  }

  private static void assertOutput(double first, double second, TokenRule.Result result) {
    assertArrayEquals(
        new float[] {(float) first, (float) second}, Tensors.toFloats(result.y()), 1e-5f);
  }

  @Test
  void theOracleKeepsWhatAddsMostAndNotWhatIsMostActive() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      // |a| ‖W_d‖ = 3 silu(1), silu(2), 2 silu(1) = 2.19, 1.76, 1.46.
      TokenRule.Result one = new Oracle(1 / 3.0).apply(0, x(), weights());
      assertOutput(3 * silu(1), 0, one);
      assertEquals(1 / 3.0, one.ffnShare(), 1e-12);
      TokenRule.Result two = new Oracle(2 / 3.0).apply(0, x(), weights());
      assertOutput(3 * silu(1) + silu(2), 0, two);
    }
  }

  @Test
  void catsKeepsTheLargestGatesAndReadsTheGateInFull() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      TokenRule cats = new Cats(0.5);
      cats.restore(Map.of("per_token.thresholds", Tensors.of(new float[] {1}, 1)));
      TokenRule.Result result = cats.apply(0, x(), weights()); // only silu(2) = 1.76 exceeds 1
      assertOutput(silu(2), 0, result);
      assertEquals(1 / 3.0, result.keptShare(), 1e-6);
      assertEquals(5 / 9.0, result.ffnShare(), 1e-6);
    }
  }

  @Test
  void winaChoosesTheInputsOfEachMatrixByItsOwnNorms() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      // Columns of W_g: √5 and √2, so the gate reads x_0: (1, 2, 0). Columns of W_u: √2 and √13, so
      // up reads x_1: (0, 2, 3). a = (0, 2 silu(2), 0), of which down reads two.
      FfnWeights weights =
          weights(
              new float[] {1, 0, 2, 1, 0, 1},
              new float[] {1, 0, 1, 2, 0, 3},
              new float[] {3, 1, 0, 0, 0, 2});
      TokenRule.Result result = new Wina(0.5).apply(0, x(), weights);
      assertOutput(2 * silu(2), 0, result);
      assertEquals((0.5 + 0.5 + 2 / 3.0) / 3, result.ffnShare(), 1e-12);
    }
  }

  @Test
  void aTargetOfOneIsTheDenseModelByEveryRule() {
    DecoderModule model = TestModels.tiny(2, Precision.FP32);
    long[][] ids = {{1, 2, 3, 4, 5, 6, 7, 8}};
    for (PerTokenOptions.Rule word : PerTokenOptions.Rule.values()) {
      String keys = "target: 1, rule: " + word.name().toLowerCase(Locale.ROOT);
      TokenRule rule =
          TokenRule.of(new PerTokenOptions(TestRecipe.of(PerTokenOptions.section(), keys)));
      LayerByLayer.prepare(new PerToken(rule), model, ids);
      try (PointerScope _ = new PointerScope();
          NoGradGuard _ = new NoGradGuard()) {
        Tensor tokens = Tensors.of(ids);
        float[] dense = Tensors.toFloats(model.forward(tokens, (l, x, w) -> w.dense(x)));
        float[] kept =
            Tensors.toFloats(model.forward(tokens, (l, x, w) -> rule.apply(l, x, w).y()));
        assertArrayEquals(dense, kept, 1e-5f, keys);
      }
    }
  }

  @Test
  void catsKeepsTheTargetShareOfTheTokensThatCalibratedIt() {
    DecoderModule model = TestModels.tiny(3, Precision.FP32);
    long[][] ids = {{1, 2, 3, 4, 5, 6, 7, 8}, {8, 30, 6, 45, 4, 3, 2, 49}};
    Cats cats = new Cats(0.25);
    LayerByLayer.prepare(new PerToken(cats), model, ids);
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      model.hidden(
          Tensors.of(ids),
          (l, x, w) -> {
            assertEquals(0.25, cats.apply(l, x, w).keptShare(), 1e-6, "layer " + l);
            return w.dense(x); // the thresholds are of the dense model's inputs
          });
    }
  }
}
