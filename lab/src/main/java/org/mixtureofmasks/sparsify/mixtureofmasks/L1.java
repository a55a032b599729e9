package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The L1 penalty that the paper's Fig. 4 (c) and (f) compare L0 with: weight · Σ over layers and
 * experts of the mean |z| of the mask's gates as sampled for this micro-batch, those of all sets
 * together (z is never negative). Nothing aims at the target; hardening meets it.
 */
record L1(double weight) implements DensityConstraint {
  @Override
  public Optional<Tensor> loss(List<LayerGates> layers, double[] density) {
    return layers.stream()
        .map(layer -> layer.sampled().mean(1).sum())
        .reduce(Tensor::add)
        .map(sum -> sum.mul(new Scalar(weight)));
  }
}
