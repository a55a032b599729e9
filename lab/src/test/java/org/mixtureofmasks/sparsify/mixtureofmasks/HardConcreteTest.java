package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;

class HardConcreteTest {
  @BeforeAll
  static void natives() {
    Natives.start(2);
  }

  @Test
  void samplesEqualTheValuesOfAnIndependentProgram() {
    float[] u = {0.5f, 0.3f, 0.9f, 0.1f, 0.05f};
    float[] logAlpha = {0, 0.5f, -1, 2, 4.60517019f};
    float[] z = {0.5f, 0.34715704f, 0.92916968f, 0.41189061f, 1};
    try (PointerScope _ = new PointerScope()) {
      Tensor samples = HardConcrete.sample(Tensors.of(logAlpha, 5), Tensors.of(u, 5));
      assertArrayEquals(z, Tensors.toFloats(samples), 1e-6f);
    }
  }

  @Test
  void probabilitiesAndNoiseFreeGatesEqualTheValuesOfAnIndependentProgram() {
    float eleven = (float) Math.log(11); // where the noise-free gate is clipped
    float limit = (float) Math.log(100);
    float[] logAlpha = {10, 5, limit, eleven, 0, -eleven, -limit};
    float[] nonZero = {0.999991f, 0.998640f, 0.997982f, 0.981952f, 0.831822f, 0.310176f, 0.047130f};
    float[] gates = {1, 1, 1, 1, 0.5f, 0, 0};
    try (PointerScope _ = new PointerScope()) {
      Tensor a = Tensors.of(logAlpha, 7);
      assertArrayEquals(nonZero, Tensors.toFloats(HardConcrete.probabilityNonZero(a)), 1e-6f);
      assertArrayEquals(gates, Tensors.toFloats(HardConcrete.noiseFree(a)), 1e-5f);
    }
  }

  @Test
  void sharesOfManySamplesAreTheProbabilities() {
    try (PointerScope _ = new PointerScope()) {
      torch.manual_seed(1);
      int n = 200_000;
      Tensor u = torch.zeros(n);
      HardConcrete.fillNoise(u);
      for (float a : new float[] {-1.5f, 0.3f, 2}) {
        float[] z = Tensors.toFloats(HardConcrete.sample(torch.full_like(u, scalar(a)), u));
        double nonZero = 0;
        double half = 0;
        for (float v : z) {
          nonZero += v > 0 ? 1 : 0;
          half += v > 0.5 ? 1 : 0;
        }
        // Four standard errors of a share of 200,000.
        assertEquals(1 / (1 + Math.exp(-a - 1.59860)), nonZero / n, 0.0045, "P(z != 0) at " + a);
        assertEquals(1 / (1 + Math.exp(-a)), half / n, 0.0045, "P(z > 1/2) at " + a);
      }
    }
  }

  @Test
  void theGradientIsThatOfTheStretchedSigmoidAndDiesWhereItIsClipped() {
    try (PointerScope _ = new PointerScope()) {
      Tensor a = Tensors.of(new float[] {0.5f, 4.6f}, 2).set_requires_grad(true);
      HardConcrete.sample(a, Tensors.of(new float[] {0.3f, 0.9f}, 2)).sum().backward();
      float[] gradient = Tensors.toFloats(a.grad());
      double s = 0.37263087;
      assertEquals(1.2 * s * (1 - s) * 1.5, gradient[0], 1e-6);
      assertEquals(0, gradient[1]);
    }
  }

  @Test
  void noiseStaysInsideTheOpenInterval() {
    try (PointerScope _ = new PointerScope()) {
      Tensor u = torch.zeros(100_000);
      HardConcrete.fillNoise(u);
      assertTrue(u.min().item_double() > 0 && u.max().item_double() < 1);
    }
  }

  private static org.bytedeco.pytorch.Scalar scalar(double value) {
    return new org.bytedeco.pytorch.Scalar(value);
  }
}
