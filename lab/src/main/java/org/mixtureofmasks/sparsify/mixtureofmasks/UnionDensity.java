package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * How many gates each mask may keep when a token uses the union of k masks: fewer than the target,
 * since masks differ.
 */
final class UnionDensity {
  private UnionDensity() {}

  /** The density of each mask at which k independent masks would cover the target. */
  static double independent(double target, int k) {
    return 1 - Math.pow(1 - target, 1.0 / k);
  }

  /**
   * The gates of each mask with which the mean union of the chosen masks is nearest to the target.
   *
   * @param ranking what gates are kept by, experts x gates; the largest stay
   * @param chosen masks of each token, int64, tokens x k
   * @param target share of the gates that a token may use, in (0, 1]
   */
  static int gatesOn(Tensor ranking, Tensor chosen, double target) {
    int gates = (int) ranking.size(1);
    if (chosen.size(1) == 1 || target == 1) {
      return (int) Math.round(target * gates);
    }
    int low = 0; // a union of nothing is below every target
    int high = (int) Math.round(target * gates); // a union is no smaller than its parts
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (union(ranking, chosen, middle) < target) {
        low = middle;
      } else {
        high = middle;
      }
    }
    double below = target - union(ranking, chosen, low);
    double above = union(ranking, chosen, high) - target;
    return below < above ? low : high;
  }

  /** Mean share of the gates that the union of a token's masks holds. */
  static double union(Tensor ranking, Tensor chosen, int gatesOn) {
    try (PointerScope _ = new PointerScope()) {
      Tensor used = torch.zeros(chosen.size(0), ranking.size(0));
      used.scatter_(1, chosen, new Scalar(1));
      Tensor covered = used.matmul(KMasks.largest(ranking, gatesOn)).gt(new Scalar(0));
      return covered.to(torch.ScalarType.Float).mean().item_double();
    }
  }
}
