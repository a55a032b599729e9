package org.mixtureofmasks.sparsify.tokenmasks;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.SideBySide;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.Threshold;

/**
 * What it costs the loss that one layer reads fewer inputs and neurons, to the second order: half
 * of the sum over outputs of sensitivity · error², nats a token. Measured on a grid of shares,
 * between which it is interpolated.
 *
 * @param grid costs by share of inputs, then by share of neurons, from 1 / {@link #STEPS} to 1
 */
record LayerCosts(double[][] grid) {
  /** Shares of each place that are measured. */
  static final int STEPS = 10;

  /** Tokens that are looked at. */
  private static final int TOKENS = 512;

  /**
   * Measures a layer.
   *
   * @param choice which inputs and neurons a share is
   * @param x inputs of the dense model's FFN, tokens x hidden_size
   * @param sensitivity of the loss to each output, hidden_size ({@link
   *     org.mixtureofmasks.sparsify.Preparation.BySensitivity})
   */
  static LayerCosts measure(
      TokenChoice choice, int layer, Tensor x, FfnWeights weights, float[] sensitivity) {
    try (PointerScope _ = new PointerScope()) {
      long n = Math.min(TOKENS, x.size(0));
      Tensor some = x.narrow(0, 0, n).to(torch.ScalarType.Float);
      choice.learn(layer, some);
      Tensor dense = weights.dense(some);
      Tensor roots = Tensors.of(sensitivity, sensitivity.length).sqrt();
      List<double[]> grid = new ArrayList<>();
      SideBySide.inOrder(
          STEPS,
          torch.get_num_threads(),
          i -> row(choice, layer, share(i), some, weights, dense, roots),
          grid::add);
      return new LayerCosts(grid.toArray(double[][]::new));
    }
  }

  /** The costs of one share of inputs, by the share of neurons. */
  private static double[] row(
      TokenChoice choice,
      int layer,
      double inputs,
      Tensor x,
      FfnWeights weights,
      Tensor dense,
      Tensor roots) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Tensor seen = choice.seen(layer, x);
      List<Tensor> above = new ArrayList<>();
      for (double tier : choice.tiers(inputs)) {
        above.add(Threshold.above(seen, Threshold.of(seen, tier)));
      }
      Tensor scores = choice.scores(layer, seen, above, weights);
      Tensor a = choice.activations(x, scores, weights);
      double[] costs = new double[STEPS];
      for (int j = 0; j < STEPS; j++) {
        try (PointerScope _ = new PointerScope()) {
          Tensor kept = Threshold.above(scores, Threshold.of(scores, share(j)));
          Tensor output = choice.output(layer, a, scores, kept, weights);
          costs[j] = cost(output, dense, roots) / x.size(0);
        }
      }
      return costs;
    }
  }

  private static double cost(Tensor output, Tensor dense, Tensor roots) {
    Tensor error = output.sub(dense).mul(roots);
    return error.mul(error).sum().item_double() / 2;
  }

  private static double share(int step) {
    return (step + 1.0) / STEPS;
  }

  /** The cost at any shares from 1 / {@link #STEPS} to 1, bilinear between what was measured. */
  double at(Kept kept) {
    double i = Math.clamp(kept.inputs() * STEPS - 1, 0, STEPS - 1.0);
    double j = Math.clamp(kept.neurons() * STEPS - 1, 0, STEPS - 1.0);
    int i0 = (int) Math.min(i, STEPS - 2.0);
    int j0 = (int) Math.min(j, STEPS - 2.0);
    double u = i - i0;
    double v = j - j0;
    return (1 - u) * ((1 - v) * grid[i0][j0] + v * grid[i0][j0 + 1])
        + u * ((1 - v) * grid[i0 + 1][j0] + v * grid[i0 + 1][j0 + 1]);
  }
}
