package org.mixtureofmasks.sparsify;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.FfnWeights;

/**
 * Masks that are made of numbers which are none mean nothing, and nothing after them would tell:
 * what a method is shown of a layer is looked at first.
 */
final class FiniteStatistics {
  private FiniteStatistics() {}

  /**
   * @param x inputs of the layer's FFN, tokens x hidden_size
   * @throws UserError naming the layer and the tensor that is not finite
   */
  static void require(int layer, Tensor x, FfnWeights weights) {
    require(layer, "the FFN's inputs on the calibration rows", x);
    require(layer, "mlp.gate_proj.weight", weights.gate());
    require(layer, "mlp.up_proj.weight", weights.up());
    require(layer, "mlp.down_proj.weight", weights.down());
  }

  /**
   * @throws UserError naming the layer and the sum that is not finite
   */
  static void require(int layer, Sums sums) {
    for (Map.Entry<String, Tensor> sum : sums.tensors().entrySet()) {
      require(layer, "the statistic '%s'".formatted(sum.getKey()), sum.getValue());
    }
  }

  private static void require(int layer, String what, Tensor t) {
    if (!torch.isfinite(t).all().item_bool()) {
      throw new UserError(
          ("layer %d: %s: holds infinities or no numbers (NaN), of which no masks can be made;"
                  + " 'mom inspect' names weights that are not finite")
              .formatted(layer, what));
    }
  }
}
