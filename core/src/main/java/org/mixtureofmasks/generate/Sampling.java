package org.mixtureofmasks.generate;

import org.mixtureofmasks.UserError;

/**
 * How the next token is chosen. Names, order and definitions are those of transformers' logits
 * processors.
 *
 * @param temperature what logits are divided by; 0 takes the most likely token and ignores topK,
 *     topP, minP and seed
 * @param topK keep the topK largest logits (ties with the last are kept too); 0 keeps all
 * @param topP keep the most likely tokens whose probabilities together reach topP, in [0, 1]; 1
 *     keeps all
 * @param minP keep tokens at least minP times as likely as the most likely one, in [0, 1]; 0 keeps
 *     all
 * @param repetitionPenalty what positive logits of tokens already in the prompt or the answer are
 *     divided by, and negative ones multiplied with; above 0, 1 is none. It acts at temperature 0
 *     too
 * @param seed seed of the generator, Java's L64X128MixRandom; one nextDouble for each sampled token
 */
public record Sampling(
    double temperature, int topK, double topP, double minP, double repetitionPenalty, long seed) {

  /**
   * Checks the ranges.
   *
   * @throws UserError if a value is outside its range
   */
  public Sampling {
    require(
        temperature >= 0 && Double.isFinite(temperature),
        "temperature",
        temperature,
        "0 (greedy) or above");
    require(topK >= 0, "top-k", topK, "0 (all) or above");
    require(topP >= 0 && topP <= 1, "top-p", topP, "between 0 and 1");
    require(minP >= 0 && minP <= 1, "min-p", minP, "between 0 and 1");
    require(
        repetitionPenalty > 0 && Double.isFinite(repetitionPenalty),
        "repetition-penalty",
        repetitionPenalty,
        "above 0 (1 is none)");
  }

  /** {@return the most likely token, always} */
  public static Sampling greedy() {
    return new Sampling(0, 0, 1, 0, 1, 0);
  }

  /**
   * Sampling from the whole distribution.
   *
   * @param temperature divides the logits; 0 is greedy
   * @param seed the same seed gives the same tokens
   * @return sampling without limits or penalty
   */
  public static Sampling of(double temperature, long seed) {
    return new Sampling(temperature, 0, 1, 0, 1, seed);
  }

  private static void require(boolean holds, String name, Number value, String range) {
    if (!holds) {
      throw UserError.usage("%s %s: it must be %s".formatted(name, value, range));
    }
  }
}
