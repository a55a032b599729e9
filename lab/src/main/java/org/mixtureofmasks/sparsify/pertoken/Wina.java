package org.mixtureofmasks.sparsify.pertoken;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Precision;

/**
 * WINA (Chen et al. 2025): each matrix reads the inputs with the largest |x_i| ‖W[:,i]‖ only; gate
 * and up choose from x, each by its own norms, down from a.
 *
 * @param target share of each matrix's inputs
 */
record Wina(double target) implements TokenRule {
  @Override
  public Result apply(int layer, Tensor x, FfnWeights weights) {
    Precision precision = weights.precision();
    Tensor gate = precision.linear(kept(x, weights.gate()), weights.gate());
    Tensor up = precision.linear(kept(x, weights.up()), weights.up());
    Tensor a = torch.silu(gate).mul(up).to(torch.ScalarType.Float);
    double inputs = (double) Largest.count(target, x.size(1)) / x.size(1);
    double neurons = (double) Largest.count(target, a.size(1)) / a.size(1);
    double share = (2 * inputs + neurons) / 3;
    return new Result(weights.project(kept(a, weights.down())), share, share);
  }

  /**
   * x with 0 in place of what is not read.
   *
   * @param x tokens x inputs, fp32
   * @param weight outputs x inputs, fp32
   */
  private Tensor kept(Tensor x, Tensor weight) {
    Tensor norms = weight.mul(weight).sum(0).sqrt().unsqueeze(0);
    return x.mul(Largest.mask(x.abs().mul(norms), target));
  }
}
