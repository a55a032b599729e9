package org.mixtureofmasks.sparsify.moefication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;

class CoActivationTest {
  @Test
  void anEdgeIsTheShareOfTokensInWhichBothAreActive() {
    Natives.start(2);
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      // The two largest of four: {0, 1}, {0, 1}, {0, 2}. c_00 = 3, c_11 = 2, c_22 = 1, c_33 = 0.
      Tensor importance = Tensors.of(new float[] {9, 8, 1, 0, 5, 7, 3, 1, 4, 0, 2, 1}, 3, 4);
      float[][] graph = CoActivation.graph(importance, 2);
      float a = (float) (2 / Math.sqrt(3 * 2));
      float b = (float) (1 / Math.sqrt(3 * 1));
      assertArrayEquals(new float[] {1, a, b, 0}, graph[0], 1e-6f);
      assertArrayEquals(new float[] {a, 1, 0, 0}, graph[1], 1e-6f);
      assertArrayEquals(new float[] {b, 0, 1, 0}, graph[2], 1e-6f);
      assertArrayEquals(new float[] {0, 0, 0, 0}, graph[3], 1e-6f);
    }
  }

  private static float[][] random(int nodes, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[][] weights = new float[nodes][nodes];
    for (int i = 0; i < nodes; i++) {
      for (int j = 0; j <= i; j++) {
        weights[i][j] = weights[j][i] = random.nextFloat();
      }
    }
    return weights;
  }

  private static double inside(float[][] weights, int[] partOf) {
    double sum = 0;
    for (int i = 0; i < partOf.length; i++) {
      for (int j = 0; j < i; j++) {
        sum += partOf[i] == partOf[j] ? weights[i][j] : 0;
      }
    }
    return sum;
  }

  @Test
  void neuronsThatAreActiveTogetherAreFoundAgain() {
    float[][] weights = random(30, 3);
    for (int i = 0; i < 30; i++) {
      for (int j = 0; j < 30; j++) {
        weights[i][j] *= i % 5 == j % 5 ? 1 : 0.3f;
      }
    }
    int[] partOf = new CoActivation(weights, 5).split();
    for (int i = 5; i < 30; i++) {
      assertEquals(partOf[i % 5], partOf[i], "neuron " + i);
    }
  }

  @Test
  void noExchangeOfTwoNeuronsGainsAndPartsAreEqual() {
    float[][] weights = random(24, 7);
    int[] partOf = new CoActivation(weights, 4).split();
    int[] sizes = new int[4];
    for (int part : partOf) {
      sizes[part]++;
    }
    assertArrayEquals(new int[] {6, 6, 6, 6}, sizes);
    double sum = inside(weights, partOf);
    for (int i = 0; i < 24; i++) {
      for (int j = 0; j < i; j++) {
        int[] other = partOf.clone();
        other[i] = partOf[j];
        other[j] = partOf[i];
        assertEquals(true, inside(weights, other) <= sum + 1e-3, i + " and " + j);
      }
    }
  }
}
