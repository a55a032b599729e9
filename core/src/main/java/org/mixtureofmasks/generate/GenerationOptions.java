package org.mixtureofmasks.generate;

import java.util.List;
import org.mixtureofmasks.UserError;

/**
 * What to generate.
 *
 * @param maxTokens the most tokens to generate, at least 1
 * @param stop strings that end the text; they are never part of it
 * @param ignoreEos whether to go on after a token that ends a text
 * @param sampling how a token is chosen
 */
public record GenerationOptions(
    int maxTokens, List<String> stop, boolean ignoreEos, Sampling sampling) {

  /**
   * Checks the limit.
   *
   * @throws UserError if maxTokens is below 1
   */
  public GenerationOptions {
    stop = List.copyOf(stop);
    if (maxTokens < 1) {
      throw UserError.usage("max-tokens %s: it must be at least 1".formatted(maxTokens));
    }
  }

  /**
   * The most likely token, always, without stop strings.
   *
   * @param maxTokens the most tokens to generate, at least 1
   * @return options that end at an end token or at maxTokens
   */
  public static GenerationOptions greedy(int maxTokens) {
    return new GenerationOptions(maxTokens, List.of(), false, Sampling.greedy());
  }
}
