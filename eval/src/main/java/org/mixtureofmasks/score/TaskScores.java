package org.mixtureofmasks.score;

import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.format.Shares;

/**
 * All that a model said to a task; every figure is made of this.
 *
 * @param scores question x ask, in the task's order
 * @param seconds that it took
 * @param tokens that the model read; 0 where that is not known
 * @param shares what they needed of the dense FFN, mean; empty where it is not known
 */
public record TaskScores(
    List<List<LanguageModel.Score>> scores, double seconds, long tokens, Optional<Shares> shares) {
  public TaskScores {
    scores = scores.stream().map(List::copyOf).toList();
  }
}
