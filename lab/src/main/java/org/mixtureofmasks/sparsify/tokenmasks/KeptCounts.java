package org.mixtureofmasks.sparsify.tokenmasks;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.Sums;

/**
 * How many inputs and neurons the thresholds of each layer left, of how many. Places of a layer are
 * its thresholds on inputs, then that on neurons.
 */
final class KeptCounts {
  private static final String KEPT = "kept";
  private static final String SEEN = "seen";

  private final Sums sums = new Sums();

  /** For a model of so many layers, nothing counted. */
  void begin(int layers, int places) {
    sums.declare(KEPT, torch.ScalarType.Long, layers, places);
    sums.declare(SEEN, torch.ScalarType.Long, layers, places);
  }

  /**
   * Counts some tokens of a layer: whole numbers, the same in whatever order passes that run at
   * once come here.
   *
   * @param above by place: not 0 where a value is left
   */
  void add(int layer, List<Tensor> above) {
    for (int p = 0; p < above.size(); p++) {
      Tensor kept = above.get(p).count_nonzero();
      long seen = above.get(p).numel();
      synchronized (sums) {
        of(KEPT, layer, p).add_(kept);
        of(SEEN, layer, p).add_(Tensors.of(new long[] {seen}, 1).squeeze());
      }
    }
  }

  private Tensor of(String what, int layer, int place) {
    return sums.get(what).select(0, layer).select(0, place);
  }

  /** What was counted, for who adds up or resets. */
  Sums sums() {
    return sums;
  }

  /** Whether there was a token. */
  boolean any() {
    return sums.get(SEEN).count_nonzero().item_long() > 0;
  }

  /** By layer and place the mean share that was left; 0 before any token. */
  double[][] shares() {
    long[] kept = Tensors.toLongs(sums.get(KEPT));
    long[] seen = Tensors.toLongs(sums.get(SEEN));
    int places = (int) sums.get(KEPT).size(1);
    double[][] shares = new double[kept.length / places][places];
    for (int i = 0; i < kept.length; i++) {
      shares[i / places][i % places] = kept[i] / (double) Math.max(1, seen[i]);
    }
    return shares;
  }

  /** By layer; an input counts by the mean over the thresholds on inputs. */
  List<Kept> kept() {
    return Arrays.stream(shares())
        .map(
            layer -> {
              int neurons = layer.length - 1;
              return new Kept(
                  Arrays.stream(layer, 0, neurons).average().orElseThrow(), layer[neurons]);
            })
        .toList();
  }
}
