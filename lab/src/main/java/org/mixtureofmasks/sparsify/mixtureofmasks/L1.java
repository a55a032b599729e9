package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The L1 penalty that the paper's Fig. 4 (c) and (f) compare L0 with: weight · Σ over layers and
 * experts of the mean |z| of the mask's gates as sampled for this micro-batch, those of all sets
 * together (z is never negative). Nothing aims at the target; hardening meets it.
 */
record L1(double weight) implements DensityConstraint {
  @Override
  public Tensor loss(List<LayerGates> layers, double[] density) {
    Tensor sum = null;
    for (LayerGates layer : layers) {
      Tensor term = layer.sampled().mean(1).sum();
      sum = sum == null ? term : sum.add(term);
    }
    return sum.mul(new Scalar(weight));
  }
}
