package org.mixtureofmasks.score;

import java.util.Arrays;
import org.mixtureofmasks.model.Packed;

/** Adds up what passes say of sequences; each sequence's tokens come in the order of its text. */
final class Sums {
  private final double[] logProbabilities;
  private final boolean[] greedy;

  Sums(int sequences) {
    logProbabilities = new double[sequences];
    greedy = new boolean[sequences];
    Arrays.fill(greedy, true);
  }

  void add(int[] owners, Packed.Scores scored) {
    for (int i = 0; i < owners.length; i++) {
      logProbabilities[owners[i]] += scored.logProbabilities()[i];
      greedy[owners[i]] &= scored.greedy()[i];
    }
  }

  LanguageModel.Score[] scores(Sequence[] sequences) {
    LanguageModel.Score[] scores = new LanguageModel.Score[sequences.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = new LanguageModel.Score(logProbabilities[i], greedy[i], sequences[i].scored());
    }
    return scores;
  }
}
