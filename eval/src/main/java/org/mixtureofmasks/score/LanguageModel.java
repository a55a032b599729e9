package org.mixtureofmasks.score;

import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.generate.GenerationResult;
import org.mixtureofmasks.io.Progress;

/**
 * All that an evaluation asks of a model: the three methods of lm-evaluation-harness, with its
 * rules for splitting a text into tokens and windows.
 */
public interface LanguageModel {
  /** How likely is the continuation after the context? An empty context is a text's beginning. */
  record Request(String context, String continuation) {}

  /**
   * @param logProbability sum over the scored tokens, natural logarithm, at most 0
   * @param greedy whether each scored token is the most likely one
   * @param tokens number of scored tokens
   */
  record Score(double logProbability, boolean greedy, int tokens) {}

  /** One score for each request, in their order. */
  default List<Score> logLikelihood(List<Request> requests) {
    return logLikelihood(requests, (done, total) -> {});
  }

  /**
   * One score for each request, in their order, with reports on the way.
   *
   * @param progress hears from time to time how many requests are done; what it throws ends the
   *     work and is thrown here, and the model may be asked again
   * @throws UserError if a request cannot be scored, or its log-probability is not a number: which
   *     and why
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  List<Score> logLikelihood(List<Request> requests, Progress progress);

  /** The whole text, from its first token on, in windows of the model's context. */
  Score logLikelihoodRolling(String text);

  /** Text that follows the context. */
  GenerationResult generate(String context, GenerationOptions options);

  /** What it has read for all scores so far; {@link Usage#UNKNOWN} where it cannot tell. */
  Usage usage();
}
