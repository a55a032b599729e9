package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.sparsify.SavedTensors;

/**
 * loss = Σ over budget units of λ1 (D - t) + λ2 (D - t)², D the mean density of the unit's masks by
 * P(z != 0), t its scheduled density; λ1 and λ2 of each unit start at 0 and climb the gradient that
 * the gates descend (as in CoFi and Sheared LLaMA).
 */
final class Lagrangian implements DensityConstraint {
  private static final String LINEAR = "masks.lagrange_linear";
  private static final String QUADRATIC = "masks.lagrange_quadratic";

  private final Budget budget;
  private final Tensor linear;
  private final Tensor quadratic;

  /**
   * @param linear λ1 of each unit, trainable, fp32 [units]
   * @param quadratic λ2 of each unit, trainable, fp32 [units]
   */
  Lagrangian(Budget budget, Tensor linear, Tensor quadratic) {
    this.budget = budget;
    this.linear = linear;
    this.quadratic = quadratic;
  }

  /**
   * @param saved holds λ1 and λ2 of an interrupted run by name; empty to begin with zeros
   */
  static Lagrangian of(Budget budget, int layers, int experts, Map<String, Tensor> saved) {
    int units = units(budget, layers, experts);
    Tensor linear = torch.zeros(units);
    Tensor quadratic = torch.zeros(units);
    if (!saved.isEmpty()) {
      linear.copy_(SavedTensors.copy(saved, LINEAR));
      quadratic.copy_(SavedTensors.copy(saved, QUADRATIC));
    }
    linear.set_requires_grad(true);
    quadratic.set_requires_grad(true);
    return new Lagrangian(budget, linear, quadratic);
  }

  /** How many groups of gates have a density of their own. */
  private static int units(Budget budget, int layers, int experts) {
    return switch (budget) {
      case EXPERT -> layers * experts;
      case LAYER -> layers;
      case GLOBAL -> 1;
    };
  }

  @Override
  public Optional<Tensor> loss(List<LayerGates> layers, double[] density) {
    Tensor over = excess(layers, density);
    return Optional.of(
        reversed(linear).mul(over).add(reversed(quadratic).mul(over.mul(over))).sum());
  }

  /** D - t of each unit. */
  private Tensor excess(List<LayerGates> layers, double[] density) {
    List<Tensor> parts = new ArrayList<>();
    for (int l = 0; l < density.length; l++) {
      Tensor over = shares(layers.get(l)).mean(1).sub(new Scalar(density[l]));
      parts.add(budget == Budget.EXPERT ? over : over.mean().unsqueeze(0));
    }
    Tensor all = torch.cat(new TensorVector(parts.toArray(new Tensor[0])), 0);
    return budget == Budget.GLOBAL ? all.mean().unsqueeze(0) : all;
  }

  /** The value of λ with its gradient turned round: the optimiser's descent becomes ascent. */
  private static Tensor reversed(Tensor multiplier) {
    return multiplier.detach().mul(new Scalar(2)).sub(multiplier);
  }

  @Override
  public Map<String, Tensor> multipliers() {
    Map<String, Tensor> named = new LinkedHashMap<>();
    named.put(LINEAR, linear);
    named.put(QUADRATIC, quadratic);
    return named;
  }
}
