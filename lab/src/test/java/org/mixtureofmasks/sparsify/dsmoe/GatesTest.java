package org.mixtureofmasks.sparsify.dsmoe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;

class GatesTest {
  /** sigmoid(ln 3) = 3/4, sigmoid(-ln 3) = 1/4. */
  private static final float LN3 = (float) Math.log(3);

  /** Gates 3/4 1/2 1/4; 3/4 3/4 1/2; 1/4 1/4 1/2: one, two and none of them exceed 1/2. */
  private static final float[] LOGITS = {LN3, 0, -LN3, LN3, LN3, 0, -LN3, -LN3, 0};

  @BeforeAll
  static void natives() {
    Natives.start(2);
  }

  @Test
  void passingGatesAreScaledByExpertsOverTheirNumberAndNoneGivesNothing() {
    try (PointerScope _ = new PointerScope()) {
      Gates gates = Gates.of(Tensors.of(LOGITS, 3, 3), 0.5f);
      assertArrayEquals(
          new float[] {2.25f, 0, 0, 1.125f, 1.125f, 0, 0, 0, 0},
          Tensors.toFloats(gates.weights()),
          1e-6f);
      assertEquals(0.25, gates.mean().item_double(), 1e-6); // (3 · 3/4) / 9
    }
  }

  @Test
  void everyGateGetsItsGradientWhetherItPassesOrNot() {
    try (PointerScope _ = new PointerScope()) {
      Tensor logits = Tensors.of(LOGITS, 3, 3).set_requires_grad(true);
      Gates.of(logits, 0.5f).weights().sum().backward();
      float side = 3 / 16f; // g (1 - g) of 3/4 and 1/4
      float middle = 1 / 4f;
      assertArrayEquals(
          new float[] {
            3 * side, 3 * middle, 3 * side, // one passes
            1.5f * side, 1.5f * side, 1.5f * middle, // two
            3 * side, 3 * side, 3 * middle // none: the number is clamped to 1
          },
          Tensors.toFloats(logits.grad()),
          1e-6f);
    }
  }

  @Test
  void theSparsityLossPushesOnlyThoseThatPass() {
    try (PointerScope _ = new PointerScope()) {
      Tensor logits = Tensors.of(LOGITS, 3, 3).set_requires_grad(true);
      Gates.of(logits, 0.5f).mean().backward();
      float g = 3 / 16f / 9;
      assertArrayEquals(
          new float[] {g, 0, 0, g, g, 0, 0, 0, 0}, Tensors.toFloats(logits.grad()), 1e-7f);
    }
  }
}
