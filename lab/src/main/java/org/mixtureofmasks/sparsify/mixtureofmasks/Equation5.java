package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The paper's Eq. 5 as printed: Σ over layers and experts of (R - R_t) + (R - R_t)², weight 1, R
 * the expected density by P(z != 0) and R_t the target, not scheduled. Its minimum lies 0.5 below
 * the target: for the ablation.
 */
record Equation5(double target) implements DensityConstraint {
  @Override
  public Tensor loss(List<LayerGates> layers, double[] density) {
    Tensor sum = null;
    for (LayerGates layer : layers) {
      Tensor over = shares(layer).mean(1).sub(new Scalar(target));
      Tensor term = over.add(over.mul(over)).sum();
      sum = sum == null ? term : sum.add(term);
    }
    return sum;
  }
}
