package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Budget;

/**
 * One shift τ per budget unit, found by bisection before each step, such that the mean of
 * sigmoid(log_alpha - τ) = P(z > 1/2) over the unit's gates is the scheduled density. Learning then
 * decides only the ranking; τ carries no gradient.
 */
record Projection(Budget budget) implements DensityConstraint {
  /** Largest error of the density. */
  static final double TOLERANCE = 5e-7;

  private static final int MAX_HALVINGS = 60;

  @Override
  public void beginStep(List<MaskedLayer> layers, double[] density) {
    int experts = (int) layers.getFirst().logAlpha().size(0);
    int[][] unitOf = units(layers.size(), experts);
    int units = unitOf[unitOf.length - 1][experts - 1] + 1;
    double[] target = new double[units];
    double[] low = filled(units, Double.POSITIVE_INFINITY);
    double[] high = filled(units, Double.NEGATIVE_INFINITY);
    int rowsPerUnit = layers.size() * experts / units;
    for (int l = 0; l < unitOf.length; l++) {
      double min = layers.get(l).logAlpha().min().item_double();
      double max = layers.get(l).logAlpha().max().item_double();
      for (int u : unitOf[l]) {
        // Gates cannot leave [sigmoid(-LIMIT), sigmoid(LIMIT)] = [0.0099, 0.9901].
        target[u] += reachable(density[l]) / rowsPerUnit;
        low[u] = Math.min(low[u], min - HardConcrete.LIMIT);
        high[u] = Math.max(high[u], max + HardConcrete.LIMIT);
      }
    }
    bisect(layers, unitOf, target, low, high);
  }

  private static void bisect(
      List<MaskedLayer> layers, int[][] unitOf, double[] target, double[] low, double[] high) {
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
  private static float[] tryShift(MaskedLayer layer, int[] unitOf, double[] low, double[] high) {
    try (PointerScope _ = new PointerScope()) {
      float[] shift = new float[unitOf.length];
      for (int e = 0; e < shift.length; e++) {
        shift[e] = (float) ((low[unitOf[e]] + high[unitOf[e]]) / 2);
      }
      layer.shift().copy_(Tensors.of(shift, shift.length, 1));
      return Tensors.toFloats(HardConcrete.probabilityAboveHalf(layer.effectiveLogAlpha()).mean(1));
    }
  }

  private static double reachable(double density) {
    double edge = 1 / (1 + Math.exp(HardConcrete.LIMIT));
    return Math.clamp(density, edge + TOLERANCE, 1 - edge - TOLERANCE);
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
  public Tensor loss(List<MaskedLayer> layers, double[] density) {
    return null;
  }

  @Override
  public Tensor probability(MaskedLayer layer) {
    return HardConcrete.probabilityAboveHalf(layer.effectiveLogAlpha());
  }

  @Override
  public Map<String, Tensor> multipliers() {
    return Map.of();
  }
}
