package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The paper's Eq. 5 as printed: Σ over layers and experts of (R - R_t) + (R - R_t)², weight 1, R
 * the expected density by P(z != 0) and R_t the target, not scheduled. Its minimum lies 0.5 below
 * the target: for the ablation.
 */
record Equation5(double target) implements DensityConstraint {
  @Override
  public Optional<Tensor> loss(List<LayerGates> layers, double[] density) {
    return layers.stream().map(this::loss).reduce(Tensor::add);
  }

  private Tensor loss(LayerGates layer) {
    Tensor over = shares(layer).mean(1).sub(new Scalar(target));
    return over.add(over.mul(over)).sum();
  }
}
