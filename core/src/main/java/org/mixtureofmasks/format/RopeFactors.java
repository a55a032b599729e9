package org.mixtureofmasks.format;

import java.util.List;
import org.mixtureofmasks.UserError;

/** Which rope_type of config.json gives the factors that GGUF stores. */
final class RopeFactors {
  /** Factors are stored as floats; what rounding leaves. */
  private static final double TOLERANCE = 1e-6;

  // What every Llama 3.1, 3.2 and 3.3 was trained with; GGUF stores only the resulting factors.
  private static final double LOW_FREQ_FACTOR = 1;
  private static final double HIGH_FREQ_FACTOR = 4;
  private static final double ORIGINAL_POSITIONS = 8192;

  private RopeFactors() {}

  /**
   * The scaling by its name in config.json.
   *
   * @return never {@link ModelConfig.Scaling.Factors}
   * @throws UserError if its factors are of no rope_type that is written
   */
  static ModelConfig.Scaling named(ModelConfig.Rope rope, int headDim) {
    if (!(rope.scaling() instanceof ModelConfig.Scaling.Factors factors)) {
      return rope.scaling();
    }
    double most = factors.divisors().stream().mapToDouble(Float::doubleValue).max().orElse(1);
    List<ModelConfig.Scaling> named =
        List.of(
            new ModelConfig.Scaling.None(),
            new ModelConfig.Scaling.Llama3(
                most, LOW_FREQ_FACTOR, HIGH_FREQ_FACTOR, ORIGINAL_POSITIONS));
    double[] stored = Rotary.frequencies(rope.theta(), factors, headDim);
    return named.stream()
        .filter(scaling -> same(stored, Rotary.frequencies(rope.theta(), scaling, headDim)))
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    ("the factors in %s are not Llama 3's, and no other rope_type of config.json"
                            + " holds any: the file can be run, but not written as a folder")
                        .formatted(GgufConfig.ROPE_FACTORS)));
  }

  private static boolean same(double[] a, double[] b) {
    for (int i = 0; i < a.length; i++) {
      if (!(Math.abs(a[i] / b[i] - 1) < TOLERANCE)) {
        return false;
      }
    }
    return true;
  }
}
