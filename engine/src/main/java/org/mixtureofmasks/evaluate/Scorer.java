package org.mixtureofmasks.evaluate;

import java.util.stream.IntStream;
import org.mixtureofmasks.model.ExpertLoad;
import org.mixtureofmasks.model.Llama;
import org.mixtureofmasks.model.LlamaState;

/**
 * Log-probabilities of given tokens. Logits are turned into log-probabilities in float64, several
 * rows at a time on all threads, since with a large vocabulary that is a good part of the work. One
 * caller's: it has the state that it runs the model in.
 */
final class Scorer {
  /** Rows of logits that wait for each other. */
  private static final int BATCH = 32;

  private final Llama model;
  private final LlamaState state;
  private final boolean parallel;
  private final float[][] rows = new float[BATCH][];
  private final int[] targets = new int[BATCH];
  private final double[] logProbabilities = new double[BATCH];
  private final boolean[] greedy = new boolean[BATCH];
  private int waiting;
  private double sum;
  private boolean allGreedy;

  /**
   * @param model the model
   * @param contextLength most tokens read in a pass
   * @param threads threads for the log-softmax: one, or as many as the machine has
   */
  Scorer(Llama model, int contextLength, int threads) {
    this.model = model;
    this.state = model.newState(contextLength);
    this.parallel = threads > 1;
  }

  /**
   * Sum of the log-probabilities of a window's scored tokens (nats, at most 0), and whether each is
   * the most likely one.
   *
   * @param s the sequence that the window is in
   * @param window what is read and scored
   * @param kept tokens of the window that the state already holds from the last call; no more than
   *     are read without being scored
   */
  LanguageModel.Score score(int[] s, Window window, int kept) {
    state.truncate(kept);
    int context = window.inputs() - window.scored();
    if (context > kept) {
      model.forward(state, s, window.from() + kept, context - kept);
    }
    int firstScored = window.from() + context;
    sum = 0;
    allGreedy = true;
    model.forwardEach(
        state,
        s,
        firstScored,
        window.scored(),
        (index, logits) -> add(logits, s[firstScored + index + 1]));
    flush();
    return new LanguageModel.Score(sum, allGreedy, window.scored());
  }

  LanguageModel.Score score(int[] s, Window window) {
    return score(s, window, 0);
  }

  /** Which experts the model used in all calls so far. */
  ExpertLoad expertLoad() {
    return state.expertLoad();
  }

  private void add(float[] logits, int target) {
    // The model may use its array again for the next row.
    if (rows[waiting] == null) {
      rows[waiting] = logits.clone();
    } else {
      System.arraycopy(logits, 0, rows[waiting], 0, logits.length);
    }
    targets[waiting] = target;
    if (++waiting == BATCH) {
      flush();
    }
  }

  private void flush() {
    IntStream indices = IntStream.range(0, waiting);
    (parallel ? indices.parallel() : indices).forEach(this::scoreRow);
    // Added in the order of the text, so that the sum does not depend on threads.
    for (int i = 0; i < waiting; i++) {
      sum += logProbabilities[i];
      allGreedy &= greedy[i];
    }
    waiting = 0;
  }

  private void scoreRow(int i) {
    float max = max(rows[i]);
    logProbabilities[i] = logProbability(rows[i], targets[i], max);
    greedy[i] = rows[i][targets[i]] == max;
  }

  /** The largest; NaN as soon as there is one, which then shows in the result. */
  private static float max(float[] logits) {
    float max = Float.NEGATIVE_INFINITY;
    for (float l : logits) {
      max = Math.max(max, l);
    }
    return max;
  }

  /** log softmax(logits)[target], in float64. */
  static double logProbability(float[] logits, int target) {
    return logProbability(logits, target, max(logits));
  }

  private static double logProbability(float[] logits, int target, float max) {
    double total = 0;
    for (float l : logits) {
      total += Math.exp((double) l - max);
    }
    return (double) logits[target] - max - Math.log(total);
  }
}
