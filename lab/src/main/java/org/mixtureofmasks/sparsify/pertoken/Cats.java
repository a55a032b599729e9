package org.mixtureofmasks.sparsify.pertoken;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.LayerByLayer;
import org.mixtureofmasks.sparsify.Preparation;
import org.mixtureofmasks.sparsify.SavedTensors;
import org.mixtureofmasks.sparsify.Threshold;

/**
 * CATS (Lee et al. 2024): the neurons whose |SiLU(x W_g^T)| is above a threshold of the layer, the
 * value that the target share of the calibration tokens' neurons exceeds. The gate is computed in
 * full, up and down for the kept neurons.
 */
final class Cats implements TokenRule {
  private static final String THRESHOLDS = "per_token.thresholds";

  private final double target;

  /** By layer. */
  private float[] thresholds = new float[0];

  /**
   * @param target share of the neurons
   */
  Cats(double target) {
    this.target = target;
  }

  @Override
  public Preparation prepare(ModelConfig config) {
    thresholds = new float[config.layers()];
    return (Preparation.OfTokens) // an exact quantile
        (layer, x, weights) -> thresholds[layer] = Threshold.of(gates(x, weights), target);
  }

  private static Tensor gates(Tensor input, FfnWeights weights) {
    Tensor all = torch.empty(input.size(0), weights.gate().size(0));
    LayerByLayer.eachPass(
        input, (first, x) -> all.narrow(0, first, x.size(0)).copy_(gate(x, weights)));
    return all;
  }

  /** SiLU(x W_g^T), in the products' precision. */
  private static Tensor gate(Tensor x, FfnWeights weights) {
    return torch.silu(weights.precision().linear(x, weights.gate()));
  }

  @Override
  public Result apply(int layer, Tensor x, FfnWeights weights) {
    Tensor gate = gate(x, weights);
    Tensor on = Threshold.above(gate, thresholds[layer]);
    Tensor a = gate.mul(weights.precision().linear(x, weights.up())).mul(on);
    double kept = on.to(torch.ScalarType.Float).mean().item_double();
    return new Result(weights.project(a), kept, (1 + 2 * kept) / 3);
  }

  @Override
  public Map<String, Tensor> state() {
    return Map.of(THRESHOLDS, Tensors.of(thresholds, thresholds.length));
  }

  @Override
  public void restore(Map<String, Tensor> saved) {
    thresholds = Tensors.toFloats(SavedTensors.copy(saved, THRESHOLDS));
  }
}
