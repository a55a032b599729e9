package org.mixtureofmasks.sparsify.moefication;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.Tensors;

/**
 * k-means with groups of exactly equal size, over rows of unit length (MoEfication's parameter
 * clustering). Since the sizes are equal, Σ ‖x - c‖² differs from -2 Σ x·c by a constant, so x·c is
 * the benefit of the assignment.
 */
final class BalancedKMeans {
  /** Rounds of assignment and centroids; it mostly settles within twenty. */
  private static final int ROUNDS = 100;

  private BalancedKMeans() {}

  /**
   * @param rows rows x width, fp32
   * @param groups divides the number of rows
   * @param random picks the first centres (k-means++)
   * @return the group of each row
   */
  static int[] split(Tensor rows, int groups, SplittableRandom random) {
    try (PointerScope _ = new PointerScope()) {
      Tensor norm = rows.mul(rows).sum(1).unsqueeze(1).sqrt();
      Tensor unit = rows.div(norm.clamp_min(new Scalar(1e-12)));
      Tensor centres = unit.index_select(0, Tensors.of(first(unit, groups, random), groups));
      int[] groupOf = {};
      for (int round = 0; round < ROUNDS; round++) {
        try (PointerScope _ = new PointerScope()) {
          BalancedAssignment assignment =
              new BalancedAssignment(Tensors.toFloats(unit.matmul(centres.t())), groups);
          int[] next = round == 0 ? assignment.greedy() : groupOf.clone();
          assignment.exchange(next);
          if (Arrays.equals(next, groupOf)) {
            break;
          }
          groupOf = next;
          centres.copy_(means(unit, groupOf, groups));
        }
      }
      return groupOf;
    }
  }

  private static Tensor means(Tensor unit, int[] groupOf, int groups) {
    Tensor index =
        Tensors.of(Arrays.stream(groupOf).asLongStream().toArray(), (long) groupOf.length);
    Tensor sums = torch.zeros(groups, unit.size(1)).index_add_(0, index, unit);
    return sums.div_(new Scalar((double) groupOf.length / groups));
  }

  /** k-means++: each further centre is a row drawn with weight of its squared distance so far. */
  private static long[] first(Tensor unit, int groups, SplittableRandom random) {
    long[] chosen = new long[groups];
    int rows = (int) unit.size(0);
    double[] nearest = new double[rows];
    Arrays.fill(nearest, Double.POSITIVE_INFINITY);
    chosen[0] = random.nextInt(rows);
    for (int c = 1; c < groups; c++) {
      try (PointerScope _ = new PointerScope()) {
        float[] cosine = Tensors.toFloats(unit.matmul(unit.select(0, chosen[c - 1])));
        double total = 0;
        for (int i = 0; i < rows; i++) {
          nearest[i] = Math.min(nearest[i], Math.max(0, 2 - 2.0 * cosine[i]));
          total += nearest[i];
        }
        chosen[c] = draw(nearest, random.nextDouble() * total);
      }
    }
    return chosen;
  }

  private static int draw(double[] weights, double at) {
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i];
      if (sum > at) {
        return i;
      }
    }
    return weights.length - 1; // all weights are 0: the rows are the same
  }
}
