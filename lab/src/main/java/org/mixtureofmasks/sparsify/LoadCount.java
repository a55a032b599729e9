package org.mixtureofmasks.sparsify;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.Tensors;

/** How often each expert of a layer was chosen since the step began. */
public final class LoadCount {
  private final Tensor counts;

  /**
   * @param sums what the step counts; reset when it begins
   * @param experts of the layer
   */
  public LoadCount(Sums sums, int layer, int experts) {
    counts = sums.declare("layers.%s.load".formatted(layer), torch.ScalarType.Long, experts);
  }

  /**
   * @param chosen tokens that each expert was chosen for, int64 [experts]
   */
  public void add(Tensor chosen) {
    counts.add_(chosen);
  }

  /** Tokens that each expert was chosen for so far, int64 [experts]; not to be changed. */
  public Tensor counts() {
    return counts;
  }

  /** All choices so far: the sum of {@link #counts}. */
  public long choices() {
    return Arrays.stream(Tensors.toLongs(counts)).sum();
  }

  /** Figures of every layer for metrics.jsonl: the largest and smallest share, and evenness. */
  public static void describe(List<LoadCount> layers, Map<String, Object> metrics) {
    List<double[]> shares = layers.stream().map(LoadCount::shares).toList();
    metrics.put(
        "expert_load_max", shares.stream().map(s -> Arrays.stream(s).max().orElse(0)).toList());
    metrics.put(
        "expert_load_min", shares.stream().map(s -> Arrays.stream(s).min().orElse(0)).toList());
    metrics.put("expert_load_evenness", shares.stream().map(LoadCount::evenness).toList());
  }

  /** Share of the choices that fell on each expert; all 0 before the first. */
  public double[] shares() {
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

  /** Entropy of the shares over that of an even load: 1 is even, 0 is one expert for all. */
  static double evenness(double[] shares) {
    double entropy = 0;
    for (double share : shares) {
      entropy -= share == 0 ? 0 : share * Math.log(share);
    }
    return shares.length == 1 ? 1 : entropy / Math.log(shares.length);
  }
}
