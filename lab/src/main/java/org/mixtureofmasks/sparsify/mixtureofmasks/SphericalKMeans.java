package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.WideProducts;

/** k-means by the angle between vectors: the first grouping of tokens, which masks then refine. */
final class SphericalKMeans {
  private static final int ITERATIONS = 10;

  private SphericalKMeans() {}

  /**
   * Groups rows around k unit centres, started from k different rows.
   *
   * @param x rows x width, fp32
   * @param k groups, at most as many as rows
   * @param random picks the first centres
   * @return the group of each row, int64 [rows]
   */
  static Tensor assign(Tensor x, int k, SplittableRandom random) {
    Tensor unit = unit(x);
    Tensor centres = unit.index_select(0, Tensors.of(distinct(k, x.size(0), random), k));
    Tensor groups = nearest(unit, centres);
    for (int i = 0; i < ITERATIONS; i++) {
      try (PointerScope _ = new PointerScope()) {
        Tensor sums = torch.zeros_like(centres).index_add_(0, groups, unit);
        // An empty group keeps its centre: a zero sum has no direction.
        Tensor empty = sums.abs().sum(1).unsqueeze(1).eq(new Scalar(0));
        centres.copy_(torch.where(empty, centres, unit(sums)));
        groups.copy_(nearest(unit, centres));
      }
    }
    return groups;
  }

  private static Tensor nearest(Tensor unit, Tensor centres) {
    return WideProducts.matmul(unit, centres.t()).argmax(new LongOptional(1), false);
  }

  private static Tensor unit(Tensor x) {
    Tensor norm = x.mul(x).sum(1).unsqueeze(1).sqrt();
    return x.div(norm.clamp_min(new Scalar(1e-12)));
  }

  /** k different numbers below n (Floyd's algorithm). */
  static long[] distinct(int k, long n, SplittableRandom random) {
    Set<Long> chosen = new LinkedHashSet<>();
    for (long j = n - k; j < n; j++) {
      long pick = random.nextLong(j + 1);
      if (!chosen.add(pick)) {
        chosen.add(j);
      }
    }
    return chosen.stream().mapToLong(Long::longValue).toArray();
  }
}
