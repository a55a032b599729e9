package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;

/** Densities and losses of layers with one mask, worked out by hand. */
class ConstraintsTest {
  /** P(z != 0) at log-alpha 0 and ln 11. */
  private static final double P0 = 0.831822;

  private static final double P1 = 0.981952;

  @BeforeAll
  static void natives() {
    Natives.start(2);
  }

  private static Gates gates(double... logAlpha) {
    float[] values = new float[logAlpha.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) logAlpha[i];
    }
    return new Gates(Tensors.of(values, 1, values.length).set_requires_grad(true), 1);
  }

  private static LayerGates layer(Gates neurons, Gates up, Gates inputs) {
    return new LayerGates(neurons, Optional.ofNullable(up), Optional.ofNullable(inputs));
  }

  private static void project(LayerGates layer, double density) {
    try (org.bytedeco.pytorch.NoGradGuard _ = new org.bytedeco.pytorch.NoGradGuard()) {
      new Projection(Budget.EXPERT).beginStep(List.of(layer), new double[] {density});
    }
  }

  private static double shift(Gates gates) {
    return gates.shift().item_double();
  }

  @Test
  void aNeuronOfTwoGatesCountsWithTheirProduct() {
    try (PointerScope _ = new PointerScope()) {
      Gates gate = gates(0, 0, 0);
      Gates up = gates(0, 0, 0);
      project(layer(gate, up, null), 0.36);
      // sigmoid(-τ)² = 0.36: sigmoid(-τ) = 0.6
      assertEquals(-Math.log(1.5), shift(gate), 1e-5);
      assertEquals(shift(gate), shift(up));
      // 3/4 · 1/2 in both, and 1/4 · 1/2: mean 0.25
      gate = gates(Math.log(3), -Math.log(3));
      project(layer(gate, gates(0, 0), null), 0.25);
      assertEquals(0, shift(gate), 1e-5);
    }
  }

  @Test
  void inputsAndNeuronsAreProjectedOnTheTrueShare() {
    try (PointerScope _ = new PointerScope()) {
      Gates neurons = gates(0, 0, 0);
      Gates inputs = gates(0, 0);
      project(layer(neurons, null, inputs), 0.5);
      double q = (Math.sqrt(13) - 1) / 4; // q (1 + 2 q) / 3 = 1/2
      assertEquals(Math.log((1 - q) / q), shift(neurons), 1e-5);
      assertEquals(shift(neurons), shift(inputs));
      assertEquals(q, ActiveShare.equalShares(0.5), 1e-12);
      // All three: 1/4 of the neurons with half of the inputs are 1/4 · (1 + 1) / 3 = 1/6.
      Gates gate = gates(1.5, 1.5);
      project(layer(gate, gates(1.5, 1.5), gates(1.5, 1.5, 1.5)), 1 / 6.0);
      assertEquals(1.5, shift(gate), 1e-5);
    }
  }

  @Test
  void twoGatesRankByTheLogOddsOfTheirProduct() {
    try (PointerScope _ = new PointerScope()) {
      Tensor ranking =
          layer(gates(4, Math.log(3), -4, 2), gates(-4, 0, 4, 0), null).ranking().detach();
      // 3/4 · 1/2 = 3/8: ln(3/5)
      assertEquals(Math.log(0.6), Tensors.toFloats(ranking)[1], 1e-6);
      assertArrayEquals(
          new boolean[] {false, true, false, true},
          Hardening.largest(Tensors.toFloats(ranking), 2),
          "the largest product, not the largest gate");
    }
  }

  @Test
  void theL0LossIsItsWeightTimesTheExpectedShareOfEachMask() {
    try (PointerScope _ = new PointerScope()) {
      Gates neurons = gates(0, Math.log(11));
      Tensor loss = new FixedL0(0.5).loss(List.of(layer(neurons, null, null)), null).orElseThrow();
      assertEquals(0.5 * (P0 + P1) / 2, loss.item_double(), 1e-6);
      loss.backward();
      float[] gradient = Tensors.toFloats(neurons.logAlpha().grad());
      assertEquals(0.5 * P0 * (1 - P0) / 2, gradient[0], 1e-6); // dP/da = P (1 - P)
      assertEquals(0.5 * P1 * (1 - P1) / 2, gradient[1], 1e-6);

      LayerGates both = layer(gates(0, Math.log(11)), gates(0, 0), null);
      LayerGates inputs = layer(gates(0, Math.log(11)), null, gates(0, Math.log(11), 0));
      double h = (2 * P0 + P1) / 3;
      double f = (P0 + P1) / 2;
      assertEquals(
          2 * (P0 * f + f * (1 + 2 * h) / 3),
          new FixedL0(2).loss(List.of(both, inputs), null).orElseThrow().item_double(),
          1e-5);
    }
  }

  @Test
  void equation5AndTheLagrangianCountTheTrueShareToo() {
    try (PointerScope _ = new PointerScope()) {
      LayerGates layer = layer(gates(0, 0), gates(0, 0), gates(0, 0, 0));
      double share = P0 * P0 * (1 + 2 * P0) / 3;
      double over = share - 0.5;
      assertEquals(
          over + over * over,
          new Equation5(0.5).loss(List.of(layer), null).orElseThrow().item_double(),
          1e-5);
      Tensor one = torch.ones(1);
      Lagrangian lagrangian = new Lagrangian(Budget.LAYER, one, one);
      assertEquals(
          over + over * over,
          lagrangian.loss(List.of(layer), new double[] {0.5}).orElseThrow().item_double(),
          1e-5);
    }
  }

  @Test
  void theL1LossIsItsWeightTimesTheMeanSampledGateOfEachMask() {
    try (PointerScope _ = new PointerScope()) {
      double[] logAlpha = {0, 0.5, -1, 1, -0.5, 2, -2, 0.2, 0.3};
      Gates neurons = gates(Arrays.copyOf(logAlpha, 8));
      Gates inputs = gates(logAlpha[8]);
      torch.manual_seed(3);
      Tensor u = torch.zeros(1, 8);
      HardConcrete.fillNoise(u);
      float[] noise = Arrays.copyOf(Tensors.toFloats(u), 9);
      Tensor v = torch.zeros(1, 1);
      HardConcrete.fillNoise(v);
      noise[8] = (float) v.item_double();
      torch.manual_seed(3);
      LayerGates layer = layer(neurons, null, inputs);
      layer.drawNoise();
      Tensor loss = new L1(0.8).loss(List.of(layer), null).orElseThrow();
      loss.backward();
      double sum = 0;
      int inside = 0;
      for (int i = 0; i < 9; i++) {
        double logistic = Math.log(noise[i] / (1.0 - noise[i]));
        double s = 1 / (1 + Math.exp(-(logistic + logAlpha[i]) * 1.5));
        double z = 1.2 * s - 0.1;
        sum += Math.clamp(z, 0, 1);
        boolean moves = z > 0 && z < 1;
        inside += moves ? 1 : 0;
        float[] gradient = Tensors.toFloats((i < 8 ? neurons : inputs).logAlpha().grad());
        // dz/da = 1.2 s (1 - s) / (2/3)
        assertEquals(
            moves ? 0.8 / 9 * 1.2 * s * (1 - s) * 1.5 : 0, gradient[i % 8], 1e-6, "gate " + i);
      }
      assertEquals(0.8 * sum / 9, loss.item_double(), 1e-6);
      assertTrue(inside > 0 && inside < 9, inside + " gates have a gradient");
    }
  }
}
