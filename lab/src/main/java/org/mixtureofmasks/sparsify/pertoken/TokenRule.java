package org.mixtureofmasks.sparsify.pertoken;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FfnWeights;

/** Which part of the FFN each token uses, decided for each token anew. */
interface TokenRule {
  /**
   * @param y the FFN's output, tokens x hidden_size, fp32
   * @param keptShare share of the neurons (of the inputs of each matrix, for WINA) that was kept
   * @param ffnShare share of the FFN's weights that the output depends on
   */
  record Result(Tensor y, double keptShare, double ffnShare) {}

  /** Takes from calibration rows what the rule needs to know; most need nothing. */
  default void calibrate(DecoderModule model, long[][] rows) {
    // Nothing to know.
  }

  /**
   * @param x the FFN's input, tokens x hidden_size, fp32
   */
  Result apply(int layer, Tensor x, FfnWeights weights);

  /** What {@link #calibrate} found, by name. */
  default Map<String, Tensor> state() {
    return Map.of();
  }

  /** Sets it back. */
  default void restore(Map<String, Tensor> saved) {
    // Nothing to know.
  }

  /** The rules' names in recipes. */
  List<String> WORDS = List.of("oracle", "cats", "wina");

  /**
   * @param word one of {@link #WORDS}
   * @param target share to keep, in (0, 1]
   */
  static TokenRule of(String word, double target) {
    return switch (word) {
      case "oracle" -> new Oracle(target);
      case "cats" -> new Cats(target);
      case "wina" -> new Wina(target);
      default -> throw new IllegalArgumentException(word);
    };
  }
}
