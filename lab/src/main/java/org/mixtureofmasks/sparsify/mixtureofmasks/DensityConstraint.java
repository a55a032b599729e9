package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/** What drives the masks' density to its schedule while gates are sampled. */
sealed interface DensityConstraint permits Projection, Lagrangian, Equation5, FixedL0, L1 {
  /**
   * The constraint that a recipe names.
   *
   * @param layers of the model
   * @param saved holds the multipliers of an interrupted run; empty to begin with zeros
   */
  static DensityConstraint of(
      MixtureOfMasksOptions options, int layers, Map<String, Tensor> saved) {
    return switch (options.constraint()) {
      case PROJECTED -> new Projection(options.budget());
      case EQ5 -> new Equation5(options.target());
      case LAGRANGIAN -> Lagrangian.of(options.budget(), layers, options.experts(), saved);
      case L0_FIXED -> new FixedL0(options.l0Weight());
      case L1 -> new L1(options.l1Weight());
    };
  }

  /**
   * Before each step, without gradients. Most leave it to their loss to move the gates.
   *
   * @param density scheduled density of each layer's masks
   */
  default void beginStep(List<LayerGates> layers, double[] density) {
    // The loss alone moves the gates.
  }

  /** The extra loss of a micro-batch, a scalar; empty when there is none. */
  Optional<Tensor> loss(List<LayerGates> layers, double[] density);

  /**
   * The active share of each mask as this constraint counts it, spread over its gates: experts x
   * gates, of which the mean of a row is the mask's. P(z != 0) for all that work by a loss.
   */
  default Tensor shares(LayerGates layer) {
    return layer.shares(gates -> HardConcrete.probabilityNonZero(gates.effectiveLogAlpha()));
  }

  /** Trainable tensors of its own by name; none for most. */
  default Map<String, Tensor> multipliers() {
    return Map.of();
  }
}
