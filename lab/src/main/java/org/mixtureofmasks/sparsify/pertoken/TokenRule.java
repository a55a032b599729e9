package org.mixtureofmasks.sparsify.pertoken;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.sparsify.Preparation;

/** Which part of the FFN each token uses, decided for each token anew. */
interface TokenRule {
  /**
   * @param y the FFN's output, tokens x hidden_size, fp32
   * @param keptShare share of the neurons (of the inputs of each matrix, for WINA) that was kept
   * @param ffnShare share of the FFN's weights that the output depends on
   */
  record Result(Tensor y, double keptShare, double ffnShare) {}

  /** How the rule gets to know what it needs; most need nothing. */
  default Preparation prepare(ModelConfig config) {
    return Preparation.ofNothing(() -> {});
  }

  /**
   * @param x the FFN's input, tokens x hidden_size, fp32
   */
  Result apply(int layer, Tensor x, FfnWeights weights);

  /** What {@link #prepare} found, by name. */
  default Map<String, Tensor> state() {
    return Map.of();
  }

  /** Sets it back. */
  default void restore(Map<String, Tensor> saved) {
    // Nothing to know.
  }

  /** The rule that a recipe names. */
  static TokenRule of(PerTokenOptions options) {
    return switch (options.rule()) {
      case ORACLE -> new Oracle(options.target());
      case CATS -> new Cats(options.target());
      case WINA -> new Wina(options.target());
    };
  }
}
