package org.mixtureofmasks.generate;

import java.util.Arrays;
import java.util.BitSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.mixtureofmasks.UserError;

/**
 * Chooses one token after another: repetition penalty, temperature, top-k, top-p, min-p, draw; the
 * order of transformers. One caller's: it remembers the tokens seen and the state of its generator.
 */
public final class Sampler {
  private static final RandomGeneratorFactory<RandomGenerator> GENERATOR =
      RandomGeneratorFactory.of("L64X128MixRandom");

  private final Sampling sampling;
  private final RandomGenerator random;
  private final BitSet seen = new BitSet();

  /**
   * A sampler of one text.
   *
   * @param sampling how a token is chosen
   */
  public Sampler(Sampling sampling) {
    this.sampling = sampling;
    this.random = GENERATOR.create(sampling.seed());
  }

  /**
   * Tells the sampler of a token of the prompt or the answer; the repetition penalty knows them.
   *
   * @param token an id of the vocabulary
   */
  public void accept(int token) {
    seen.set(token);
  }

  /**
   * Chooses a token.
   *
   * @param logits one for each token of the vocabulary; not changed
   * @return the id of the chosen token; it is not yet accepted
   * @throws UserError when a logit is NaN: the weights are broken
   */
  public int next(float[] logits) {
    double[] scores = penalised(logits);
    int best = argmax(scores);
    return sampling.temperature() == 0 ? best : draw(weights(scores, best), random.nextDouble());
  }

  /**
   * What a token is drawn by, after all filters: probabilities up to a common factor.
   *
   * @param scores logits after the repetition penalty; overwritten
   * @param best the index of the largest
   */
  private double[] weights(double[] scores, int best) {
    // Shifted by the maximum before the exponential, so that nothing overflows.
    double top = scores[best] / sampling.temperature();
    for (int i = 0; i < scores.length; i++) {
      scores[i] = scores[i] / sampling.temperature() - top;
    }
    keepTopK(scores, sampling.topK());
    for (int i = 0; i < scores.length; i++) {
      scores[i] = Math.exp(scores[i]);
    }
    keepTopP(scores, sampling.topP());
    // The largest weight is exp(0) = 1, whatever the normaliser is.
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] < sampling.minP()) {
        scores[i] = 0;
      }
    }
    return scores;
  }

  /** The probabilities that {@link #next} would draw by at a temperature above 0. */
  double[] probabilities(float[] logits) {
    double[] scores = penalised(logits);
    double[] weights = weights(scores, argmax(scores));
    double total = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(w -> w / total).toArray();
  }

  private double[] penalised(float[] logits) {
    double[] scores = new double[logits.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = logits[i];
    }
    double penalty = sampling.repetitionPenalty();
    if (penalty != 1) {
      for (int i = seen.nextSetBit(0); i >= 0 && i < scores.length; i = seen.nextSetBit(i + 1)) {
        scores[i] = scores[i] < 0 ? scores[i] * penalty : scores[i] / penalty;
      }
    }
    return scores;
  }

  /** Index of the largest score, the lowest of equals. */
  private static int argmax(double[] scores) {
    int best = 0;
    for (int i = 0; i < scores.length; i++) {
      if (Double.isNaN(scores[i])) {
        throw new UserError(
            ("the model gave a logit that is not a number (token id %s): its weights are"
                    + " damaged or overflow")
                .formatted(i));
      }
      if (scores[i] > scores[best]) {
        best = i;
      }
    }
    return best;
  }

  private static void keepTopK(double[] scores, int k) {
    if (k == 0 || k >= scores.length) {
      return;
    }
    double[] sorted = scores.clone();
    Arrays.sort(sorted);
    double smallestKept = sorted[sorted.length - k];
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] < smallestKept) {
        scores[i] = Double.NEGATIVE_INFINITY;
      }
    }
  }

  /**
   * Drops, from the least likely upwards, every token whose cumulative probability is at most 1 -
   * topP; the most likely one always stays. Of equal ones the higher ids go first.
   */
  private static void keepTopP(double[] weights, double topP) {
    if (topP >= 1) {
      return;
    }
    double total = 0;
    for (double w : weights) {
      total += w;
    }
    double budget = (1 - topP) * total;
    // All tokens below this together stay within the budget, so they go without being sorted.
    double negligible = budget / weights.length;
    double dropped = 0;
    int[] candidates = new int[weights.length];
    int n = 0;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] < negligible) {
        dropped += weights[i];
        weights[i] = 0;
      } else {
        candidates[n++] = i;
      }
    }
    Integer[] order = new Integer[n];
    for (int i = 0; i < n; i++) {
      order[i] = candidates[i];
    }
    Arrays.sort(
        order, (a, b) -> weights[a] != weights[b] ? Double.compare(weights[a], weights[b]) : b - a);
    for (int i = 0; i < n - 1; i++) {
      dropped += weights[order[i]];
      if (dropped > budget) {
        return;
      }
      weights[order[i]] = 0;
    }
  }

  /** The first token, by id, at which the cumulative weight passes u times the whole. */
  private static int draw(double[] weights, double u) {
    double total = 0;
    int last = 0;
    for (int i = 0; i < weights.length; i++) {
      total += weights[i];
      last = weights[i] > 0 ? i : last;
    }
    double target = u * total;
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i];
      if (sum > target) {
        return i;
      }
    }
    // Rounding may leave the sum a hair below the target.
    return last;
  }
}
