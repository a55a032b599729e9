package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** What drives the masks' density to its schedule while gates are sampled. */
sealed interface DensityConstraint permits Projection, Lagrangian, Equation5 {
  /**
   * Before each step, without gradients.
   *
   * @param density scheduled density of each layer's masks
   */
  void beginStep(List<MaskedLayer> layers, double[] density);

  /** The extra loss of a micro-batch, a scalar; null when there is none. */
  Tensor loss(List<MaskedLayer> layers, double[] density);

  /** The probability of each gate that this constraint counts as density: experts x gates. */
  Tensor probability(MaskedLayer layer);

  /** Trainable tensors of its own by name; none for most. */
  Map<String, Tensor> multipliers();
}
