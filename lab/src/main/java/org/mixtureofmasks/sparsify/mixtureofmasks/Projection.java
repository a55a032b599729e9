package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.nn.Tensors;

/**
 * One shift τ per budget unit, found by bisection before each step, such that the unit's masks use
 * the scheduled density when a gate counts with sigmoid(log_alpha - τ) = P(z > 1/2): the mean over
 * gates; of sigmoid(g - τ) sigmoid(u - τ) where a neuron has two; {@link ActiveShare} where inputs
 * have gates too. Learning then decides only the ranking; τ carries no gradient.
 */
record Projection(Budget budget) implements DensityConstraint {
  /** Largest error of the density. */
  static final double TOLERANCE = 5e-7;

  private static final int MAX_HALVINGS = 60;

  @Override
  public void beginStep(List<LayerGates> layers, double[] density) {
    int experts = layers.getFirst().experts();
    int[][] unitOf = units(layers.size(), experts);
    int units = unitOf[unitOf.length - 1][experts - 1] + 1;
    double[] target = new double[units];
    double[] low = filled(units, Double.POSITIVE_INFINITY);
    double[] high = filled(units, Double.NEGATIVE_INFINITY);
    int rowsPerUnit = layers.size() * experts / units;
    for (int l = 0; l < unitOf.length; l++) {
      double min = Double.POSITIVE_INFINITY;
      double max = Double.NEGATIVE_INFINITY;
      for (Gates gates : layers.get(l).sets().values()) {
        min = Math.min(min, gates.logAlpha().min().item_double());
        max = Math.max(max, gates.logAlpha().max().item_double());
      }
      for (int u : unitOf[l]) {
        target[u] += reachable(layers.get(l), density[l]) / rowsPerUnit;
        low[u] = Math.min(low[u], min - HardConcrete.LIMIT);
        high[u] = Math.max(high[u], max + HardConcrete.LIMIT);
      }
    }
    bisect(layers, unitOf, target, low, high);
  }

  private static void bisect(
      List<LayerGates> layers, int[][] unitOf, double[] target, double[] low, double[] high) {
    for (int i = 0; i < MAX_HALVINGS; i++) {
      double[] mean = new double[target.length];
      double[] rows = new double[target.length];
      for (int l = 0; l < unitOf.length; l++) {
        float[] density = tryShift(layers.get(l), unitOf[l], low, high);
        for (int e = 0; e < density.length; e++) {
          mean[unitOf[l][e]] += density[e];
          rows[unitOf[l][e]]++;
        }
      }
      double worst = 0;
      for (int u = 0; u < target.length; u++) {
        double over = mean[u] / rows[u] - target[u];
        worst = Math.max(worst, Math.abs(over));
        double middle = (low[u] + high[u]) / 2;
        if (over > 0) { // too dense: a larger shift
          low[u] = middle;
        } else {
          high[u] = middle;
        }
      }
      if (worst <= TOLERANCE) {
        return;
      }
    }
  }

  /** Sets a layer's shifts to the middle of their brackets; the density of each row. */
  private static float[] tryShift(LayerGates layer, int[] unitOf, double[] low, double[] high) {
    try (PointerScope _ = new PointerScope()) {
      float[] shift = new float[unitOf.length];
      for (int e = 0; e < shift.length; e++) {
        shift[e] = (float) ((low[unitOf[e]] + high[unitOf[e]]) / 2);
      }
      layer.shift(Tensors.of(shift, shift.length, 1));
      return Tensors.toFloats(aboveHalf(layer).mean(1));
    }
  }

  /** Gates cannot leave [sigmoid(-LIMIT), sigmoid(LIMIT)] = [0.0099, 0.9901]. */
  private static double reachable(LayerGates layer, double density) {
    double edge = 1 / (1 + Math.exp(HardConcrete.LIMIT));
    return Math.clamp(density, layer.share(edge) + TOLERANCE, layer.share(1 - edge) - TOLERANCE);
  }

  /** The budget unit of each mask of each layer, numbered from 0. */
  private int[][] units(int layers, int experts) {
    int[][] unitOf = new int[layers][experts];
    for (int l = 0; l < layers; l++) {
      for (int e = 0; e < experts; e++) {
        unitOf[l][e] =
            switch (budget) {
              case EXPERT -> l * experts + e;
              case LAYER -> l;
              case GLOBAL -> 0;
            };
      }
    }
    return unitOf;
  }

  private static double[] filled(int n, double value) {
    double[] a = new double[n];
    Arrays.fill(a, value);
    return a;
  }

  @Override
  public Optional<Tensor> loss(List<LayerGates> layers, double[] density) {
    return Optional.empty();
  }

  /** With P(z > 1/2), which the shift is solved for. */
  @Override
  public Tensor shares(LayerGates layer) {
    return aboveHalf(layer);
  }

  private static Tensor aboveHalf(LayerGates layer) {
    return layer.shares(gates -> HardConcrete.probabilityAboveHalf(gates.effectiveLogAlpha()));
  }
}
