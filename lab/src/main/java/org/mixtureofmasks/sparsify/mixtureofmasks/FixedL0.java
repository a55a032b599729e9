package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The L0 penalty of Louizos et al. (2018) with its fixed weight: weight · Σ over layers and experts
 * of R, R the expected density by P(z != 0). Nothing aims at the target; hardening meets it. At
 * weight 1 it is the linear term of the paper's Eq. 5, so that one weight means the same for both.
 */
record FixedL0(double weight) implements DensityConstraint {
  @Override
  public Optional<Tensor> loss(List<LayerGates> layers, double[] density) {
    return layers.stream()
        .map(layer -> shares(layer).mean(1).sum())
        .reduce(Tensor::add)
        .map(sum -> sum.mul(new Scalar(weight)));
  }
}
