package org.mixtureofmasks.bench;

import java.util.List;
import org.mixtureofmasks.UserError;

/**
 * What is timed.
 *
 * @param promptTokens tokens that are processed together
 * @param tokens tokens that are decoded one by one after them
 * @param repetitions timed passes of each model, after the warm-up
 * @param threads threads of the stream; the models' own should be as many
 * @param batches numbers of texts that are decoded together, each timed by itself
 * @param contexts numbers of tokens that a text has before one is decoded, each timed by itself
 */
public record BenchSettings(
    int promptTokens,
    int tokens,
    int repetitions,
    int threads,
    List<Integer> batches,
    List<Integer> contexts) {
  /** One text, decoded alone. */
  public BenchSettings(int promptTokens, int tokens, int repetitions, int threads) {
    this(promptTokens, tokens, repetitions, threads, List.of(), List.of());
  }

  public BenchSettings {
    batches = List.copyOf(batches);
    batches.forEach(batch -> atLeastOne("batch", batch));
    contexts = List.copyOf(contexts);
    contexts.forEach(context -> atLeastOne("context", context));
    atLeastOne("prompt-tokens", promptTokens);
    atLeastOne("tokens", tokens);
    atLeastOne("repetitions", repetitions);
    atLeastOne("threads", threads);
  }

  private static void atLeastOne(String name, int value) {
    if (value < 1) {
      throw UserError.usage("%s %s: it must be at least 1".formatted(name, value));
    }
  }
}
