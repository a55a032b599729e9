package org.mixtureofmasks.generate;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What was generated.
 *
 * @param text the text without special tokens and without the stop string; empty when there is no
 *     tokenizer
 * @param tokenIds the generated tokens in order, with the end token or the tokens of the stop
 *     string when one ended it
 * @param promptTokenIds the prompt
 * @param finishReason why it ended
 * @param promptSeconds time to process the prompt
 * @param decodeSeconds time to generate all tokens after the first, which the prompt's pass gives
 */
public record GenerationResult(
    String text,
    List<Integer> tokenIds,
    List<Integer> promptTokenIds,
    FinishReason finishReason,
    double promptSeconds,
    double decodeSeconds) {

  /** Copies the lists. */
  public GenerationResult {
    tokenIds = List.copyOf(tokenIds);
    promptTokenIds = List.copyOf(promptTokenIds);
  }

  /** {@return prompt tokens a second; empty when the prompt was not finished} */
  public OptionalDouble promptTokensPerSecond() {
    return tokenIds.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(promptTokenIds.size() / promptSeconds);
  }

  /** {@return tokens a second after the first; empty when there is none after the first} */
  public OptionalDouble decodeTokensPerSecond() {
    return tokenIds.size() < 2
        ? OptionalDouble.empty()
        : OptionalDouble.of((tokenIds.size() - 1) / decodeSeconds);
  }
}
