package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;

class ProjectionTest {
  private static final int LAYERS = 3;
  private static final int E = 5;
  private static final int GATES = 64;

  @BeforeAll
  static void natives() {
    Natives.start(2);
  }

  private static List<LayerGates> layers(double spread) {
    SplittableRandom r = new SplittableRandom(7);
    List<LayerGates> layers = new ArrayList<>();
    for (int l = 0; l < LAYERS; l++) {
      float[] logAlpha = new float[E * GATES];
      for (int i = 0; i < logAlpha.length; i++) {
        logAlpha[i] = (float) (spread * r.nextGaussian() + i % 7 - l);
      }
      layers.add(
          new LayerGates(
              new Gates(Tensors.of(logAlpha, E, GATES), 1), Optional.empty(), Optional.empty()));
    }
    return layers;
  }

  /** Densities of each mask as the gates see them, in double precision. */
  private static double[][] densities(List<LayerGates> layers) {
    double[][] densities = new double[LAYERS][E];
    for (int l = 0; l < LAYERS; l++) {
      float[] a = Tensors.toFloats(layers.get(l).neurons().effectiveLogAlpha());
      for (int i = 0; i < a.length; i++) {
        densities[l][i / GATES] += 1 / (1 + Math.exp(-(double) a[i])) / GATES;
      }
    }
    return densities;
  }

  @Test
  void everyMaskMeetsItsDensityToAMillionth() {
    try (PointerScope _ = new PointerScope()) {
      for (double spread : new double[] {0, 0.5, 4}) {
        List<LayerGates> layers = layers(spread);
        for (double target : new double[] {0.05, 0.25, 0.5, 0.9, 0.98}) {
          new Projection(Budget.EXPERT)
              .beginStep(layers, new double[] {target, target, target / 2});
          double[][] densities = densities(layers);
          for (int l = 0; l < LAYERS; l++) {
            for (double density : densities[l]) {
              assertEquals(l < 2 ? target : target / 2, density, 1e-6);
            }
          }
        }
      }
    }
  }

  @Test
  void aLayersBudgetIsMetOnAverageOverItsMasks() {
    try (PointerScope _ = new PointerScope()) {
      List<LayerGates> layers = layers(2);
      new Projection(Budget.LAYER).beginStep(layers, new double[] {0.4, 0.5, 0.6});
      double[][] densities = densities(layers);
      for (int l = 0; l < LAYERS; l++) {
        assertEquals(0.4 + 0.1 * l, Arrays.stream(densities[l]).average().orElseThrow(), 1e-6);
      }
    }
  }

  @Test
  void theGlobalBudgetIsMetOnAverageAndLetsLayersDiffer() {
    try (PointerScope _ = new PointerScope()) {
      List<LayerGates> layers = layers(1);
      new Projection(Budget.GLOBAL).beginStep(layers, new double[] {0.5, 0.5, 0.5});
      double[] mean =
          Arrays.stream(densities(layers))
              .mapToDouble(d -> Arrays.stream(d).average().orElseThrow())
              .toArray();
      assertEquals(0.5, Arrays.stream(mean).average().orElseThrow(), 1e-6);
      assertEquals(true, mean[0] > mean[2] + 0.1, "layer 0 has larger log-alphas");
    }
  }

  @Test
  void theShiftCarriesNoGradient() {
    try (PointerScope _ = new PointerScope()) {
      Tensor logAlpha = Tensors.of(new float[] {0.5f, -0.5f, 1, 2}, 1, 4).set_requires_grad(true);
      LayerGates layer = new LayerGates(new Gates(logAlpha, 1), Optional.empty(), Optional.empty());
      try (org.bytedeco.pytorch.NoGradGuard _ = new org.bytedeco.pytorch.NoGradGuard()) {
        new Projection(Budget.EXPERT).beginStep(List.of(layer), new double[] {0.5});
      }
      layer.neurons().effectiveLogAlpha().sum().backward();
      // A shift that followed log-alpha would take its mean gradient away.
      assertEquals(4, logAlpha.grad().sum().item_double());
    }
  }
}
