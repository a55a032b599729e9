package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.Method.ParameterGroup;

class AdamWTest {
  @BeforeAll
  static void start() {
    Natives.start(2);
  }

  @Test
  void threeUpdatesFollowThePublishedRule() {
    float[] start = {1, -2, 0.5f};
    float[][] gradients = {{0.1f, -0.2f, 3}, {0, 0.4f, -1}, {-0.3f, 0.2f, 1e-4f}};
    double lr = 0.01;
    double decay = 0.1;
    Tensor t = Tensors.of(start, 3).set_requires_grad(true);
    AdamW adam = new AdamW(List.of(new ParameterGroup("g", Map.of("t", t), lr, decay)), 0.9, 0.95);
    double[] w = {1, -2, 0.5};
    double[] m = new double[3];
    double[] v = new double[3];
    for (int step = 1; step <= 3; step++) {
      t.mutable_grad().put(Tensors.of(gradients[step - 1], 3));
      adam.step(0.5);
      for (int i = 0; i < 3; i++) {
        double g = gradients[step - 1][i];
        w[i] *= 1 - 0.5 * lr * decay;
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.95 * v[i] + 0.05 * g * g;
        double mean = m[i] / (1 - Math.pow(0.9, step));
        double square = v[i] / (1 - Math.pow(0.95, step));
        w[i] -= 0.5 * lr * mean / (Math.sqrt(square) + 1e-8);
      }
    }
    assertArrayEquals(
        new float[] {(float) w[0], (float) w[1], (float) w[2]}, Tensors.toFloats(t), 1e-6f);
  }

  @Test
  void aTensorWithoutAGradientStaysWithItsMoments() {
    Tensor moving = Tensors.of(new float[] {1}, 1).set_requires_grad(true);
    Tensor still = Tensors.of(new float[] {1}, 1).set_requires_grad(true);
    AdamW adam =
        new AdamW(
            List.of(new ParameterGroup("g", Map.of("moving", moving, "still", still), 0.1, 0.5)),
            0.9,
            0.95);
    moving.mutable_grad().put(Tensors.of(new float[] {1}, 1));
    adam.step(1);
    adam.clearGradients();
    assertEquals(1, Tensors.toFloats(still)[0]);
    assertEquals(0, Tensors.toFloats(adam.state().get("still.step"))[0]);
    float after = Tensors.toFloats(moving)[0];
    adam.step(1);
    assertEquals(after, Tensors.toFloats(moving)[0]);
  }
}
