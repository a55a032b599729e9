package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;

/**
 * How dense the masks of a model are, as means over layers.
 *
 * @param layers the gates of every layer
 * @param constraint which counts gates that are still learned
 */
record Densities(List<LayerGates> layers, DensityConstraint constraint) {
  /** As the constraint counts it, or of the hard masks. */
  double expected() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      return mean(
          layer ->
              layer.hardened() ? layer.openShare() : constraint.shares(layer).mean().item_double());
    }
  }

  /** Adds the figures for metrics.jsonl. */
  void describe(Variant variant, Map<String, Object> metrics) {
    metrics.put("expected_density", expected());
    metrics.put("hard_density", mean(LayerGates::openShare));
    if (variant.masksInputs()) {
      // The paper's R_h R_FFN, which counts the down projection as if its inputs were masked too.
      metrics.put("paper_share", mean(LayerGates::openProduct));
    }
  }

  private double mean(ToDoubleFunction<LayerGates> figure) {
    return layers.stream().mapToDouble(figure).average().orElseThrow();
  }
}
