package org.mixtureofmasks.score;

import java.util.List;
import java.util.OptionalDouble;

/**
 * All that a model said to a task; every figure is made of this.
 *
 * @param scores question x ask, in the task's order
 * @param seconds that it took
 * @param tokens that the model read; 0 where that is not known
 * @param activeFfnShare mean share of FFN weights that they used; empty where it is not known
 */
public record TaskScores(
    List<List<LanguageModel.Score>> scores,
    double seconds,
    long tokens,
    OptionalDouble activeFfnShare) {
  public TaskScores {
    scores = scores.stream().map(List::copyOf).toList();
  }
}
