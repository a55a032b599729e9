package org.mixtureofmasks.verbs;

import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.score.LanguageModel;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** The long way to a log-probability: one text alone, its log-softmax in float64. */
final class PlainScores {
  private PlainScores() {}

  static double of(Model model, Tokenizer tokenizer, LanguageModel.Request request) {
    int context = tokenizer.encode(request.context().stripTrailing()).length;
    int[] ids = tokenizer.encode(request.context() + request.continuation());
    double[] sum = new double[1];
    model.forwardEach(
        model.newState(ids.length),
        ids,
        0,
        ids.length - 1,
        (t, logits) -> {
          if (t + 1 >= context) {
            double max = Double.NEGATIVE_INFINITY;
            for (float logit : logits) {
              max = Math.max(max, logit);
            }
            double total = 0;
            for (float logit : logits) {
              total += Math.exp(logit - max);
            }
            sum[0] += logits[ids[t + 1]] - max - Math.log(total);
          }
        });
    return sum[0];
  }
}
