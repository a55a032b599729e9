package org.mixtureofmasks.sparsify.dsmoe;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * What the gates of a layer let through (DSMoE Eq. 7, 8 and 11).
 *
 * @param weights factor of each expert, S(g) · E / number that pass, with S(g) = stopgrad(G(g)) + g
 *     - stopgrad(g): the value of G(g), the gradient of g for every expert; tokens x experts
 * @param mean of G(g) = g where g > τ, else 0, over tokens and experts; its gradient reaches the
 *     passing gates only
 */
record Gates(Tensor weights, Tensor mean) {
  /**
   * @param logits tokens x experts, fp32
   * @param threshold τ
   */
  static Gates of(Tensor logits, float threshold) {
    Tensor g = logits.sigmoid();
    Tensor passes = g.detach().gt(new Scalar(threshold)).to(torch.ScalarType.Float);
    Tensor passing = g.mul(passes);
    Tensor straightThrough = g.sub(g.detach()).add(passing.detach());
    // No gradient through the number; a token that no gate lets through gets nothing, not 0 / 0.
    Tensor number = passes.sum(1).unsqueeze(1).clamp_min(new Scalar(1));
    Tensor weights = straightThrough.mul(new Scalar((double) logits.size(1))).div(number);
    return new Gates(weights, passing.mean());
  }
}
