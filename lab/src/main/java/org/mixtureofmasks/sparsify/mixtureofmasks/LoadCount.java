package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.Tensors;

/** How often each mask of a layer was chosen since the step began. */
final class LoadCount {
  private final Tensor counts;

  LoadCount(int experts) {
    counts = torch.zeros(new long[] {experts}, new TensorOptions(torch.ScalarType.Long));
  }

  void reset() {
    counts.zero_();
  }

  void add(Router.Routing routing) {
    counts.add_(routing.counts());
  }

  /** Share of the choices that fell on each mask; all 0 before the first. */
  double[] shares() {
    long[] n = Tensors.toLongs(counts);
    double total = 0;
    for (long c : n) {
      total += c;
    }
    double[] shares = new double[n.length];
    for (int e = 0; e < n.length; e++) {
      shares[e] = total == 0 ? 0 : n[e] / total;
    }
    return shares;
  }

  /** Entropy of the shares over that of an even load: 1 is even, 0 is one mask for all. */
  static double evenness(double[] shares) {
    double entropy = 0;
    for (double share : shares) {
      entropy -= share == 0 ? 0 : share * Math.log(share);
    }
    return shares.length == 1 ? 1 : entropy / Math.log(shares.length);
  }
}
