package org.mixtureofmasks.sparsify.pertoken;

import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.FfnInputs;
import org.mixtureofmasks.sparsify.SavedTensors;

/**
 * CATS (Lee et al. 2024): the neurons whose |SiLU(x W_g^T)| is above a threshold of the layer, the
 * value that the target share of the calibration tokens' neurons exceeds. The gate is computed in
 * full, up and down for the kept neurons.
 */
final class Cats implements TokenRule {
  private static final int TOKENS_PER_PASS = 2048;
  private static final String THRESHOLDS = "per_token.thresholds";

  /** Below every magnitude: nothing is left out. */
  private static final float NONE = -1;

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
  public void calibrate(DecoderModule model, long[][] rows) {
    thresholds = new float[model.config().layers()];
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      List<Tensor> inputs = FfnInputs.of(model, rows);
      for (int l = 0; l < thresholds.length; l++) {
        try (PointerScope _ = new PointerScope()) {
          thresholds[l] = threshold(magnitudes(inputs.get(l), model.ffn(l)), target);
        }
        inputs.get(l).close();
      }
    }
  }

  private static Tensor magnitudes(Tensor input, FfnWeights weights) {
    Tensor all = torch.empty(input.size(0), weights.gate().size(0));
    for (long at = 0; at < input.size(0); at += TOKENS_PER_PASS) {
      try (PointerScope _ = new PointerScope()) {
        long n = Math.min(TOKENS_PER_PASS, input.size(0) - at);
        all.narrow(0, at, n).copy_(gate(input.narrow(0, at, n), weights).abs());
      }
    }
    return all;
  }

  /** SiLU(x W_g^T), in the products' precision. */
  private static Tensor gate(Tensor x, FfnWeights weights) {
    return torch.silu(weights.precision().linear(x, weights.gate()));
  }

  /** The value that round(share · n) of the n magnitudes exceed, if no two are equal. */
  static float threshold(Tensor magnitudes, double share) {
    long n = magnitudes.numel();
    long below = n - Math.round(share * n);
    return below == 0
        ? NONE
        : Tensors.toFloats(magnitudes.reshape(n).kthvalue(below, 0, false).get0())[0];
  }

  @Override
  public Result apply(int layer, Tensor x, FfnWeights weights) {
    Tensor gate = gate(x, weights);
    Tensor on = gate.abs().gt(new Scalar(thresholds[layer]));
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
