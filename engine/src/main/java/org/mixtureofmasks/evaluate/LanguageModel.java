package org.mixtureofmasks.evaluate;

import java.util.List;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.generate.GenerationResult;

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
  List<Score> logLikelihood(List<Request> requests);

  /** The whole text, from its first token on, in windows of the model's context. */
  Score logLikelihoodRolling(String text);

  /** Text that follows the context. */
  GenerationResult generate(String context, GenerationOptions options);
}
