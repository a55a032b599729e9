package org.mixtureofmasks.score;

import java.util.Arrays;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * The long way: one request at a time, nothing shared, all rows of logits, log-softmax in float64.
 * What packed scoring is held against.
 */
public final class PlainScores {
  private PlainScores() {}

  /** The score of one request, whose whole text is cut from the left to the model's context. */
  public static LanguageModel.Score of(
      Model model, Tokenizer tokenizer, LanguageModel.Request request) {
    int context = tokenizer.encode(request.context().stripTrailing()).length;
    int[] whole = tokenizer.encode(request.context() + request.continuation());
    int from = Math.max(0, whole.length - model.config().maxPositions() - 1);
    return of(model, Arrays.copyOfRange(whole, from, whole.length), whole.length - context);
  }

  /** The score of the last tokens of a text. */
  static LanguageModel.Score of(Model model, int[] text, int scored) {
    double[] logProbabilities = new double[text.length];
    boolean[] greedy = new boolean[text.length];
    int inputs = text.length - 1;
    model.forwardEach(
        model.newState(inputs),
        text,
        0,
        inputs,
        (t, logits) -> {
          double[] all = logSoftmax(logits);
          logProbabilities[t + 1] = all[text[t + 1]];
          greedy[t + 1] = all[text[t + 1]] == Arrays.stream(all).max().orElseThrow();
        });
    double sum = 0;
    boolean all = true;
    for (int t = text.length - scored; t < text.length; t++) {
      sum += logProbabilities[t];
      all &= greedy[t];
    }
    return new LanguageModel.Score(sum, all, scored);
  }

  static double[] logSoftmax(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    double[] result = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      result[i] = logits[i] - max - Math.log(sum);
    }
    return result;
  }
}
