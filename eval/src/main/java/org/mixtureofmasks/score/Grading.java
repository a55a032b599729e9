package org.mixtureofmasks.score;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Metric;
import org.mixtureofmasks.task.Question;
import org.mixtureofmasks.task.WikiText;

/** From a question's scores to what each metric takes from it, as lm-evaluation-harness does. */
public final class Grading {
  private Grading() {}

  /**
   * @param task whose metrics are asked for
   * @param question one of its questions
   * @param scores of the question's asks, in their order
   * @return one observation for each of the task's metrics
   */
  public static Map<Metric, Observation> of(
      LoadedTask task, Question question, List<LanguageModel.Score> scores) {
    Map<Metric, Observation> observations = new EnumMap<>(Metric.class);
    for (Metric metric : task.metrics()) {
      observations.put(metric, observe(metric, task, question, scores));
    }
    return observations;
  }

  private static Observation observe(
      Metric metric, LoadedTask task, Question question, List<LanguageModel.Score> scores) {
    double logProbability = scores.getFirst().logProbability();
    return switch (metric) {
      case ACC -> share(isRight(task, question, scores));
      case ACC_NORM -> share(predictedByLength(question, scores) == question.gold());
      case PERPLEXITY -> new Observation(logProbability, 1);
      case WORD_PERPLEXITY -> new Observation(logProbability, WikiText.words(page(task, question)));
      case BYTE_PERPLEXITY, BITS_PER_BYTE ->
          new Observation(logProbability, WikiText.bytes(page(task, question)));
    };
  }

  private static Observation share(boolean right) {
    return new Observation(right ? 1 : 0, 1);
  }

  private static boolean isRight(
      LoadedTask task, Question question, List<LanguageModel.Score> scores) {
    return switch (task.output()) {
      case MULTIPLE_CHOICE -> predicted(scores) == question.gold();
      case LOGLIKELIHOOD, LOGLIKELIHOOD_ROLLING -> scores.getFirst().greedy();
    };
  }

  /** Index of the choice with the largest log-probability. */
  static int predicted(List<LanguageModel.Score> scores) {
    return argmax(scores.size(), i -> scores.get(i).logProbability());
  }

  /** Index of the choice with the largest log-probability per code point of its text. */
  static int predictedByLength(Question question, List<LanguageModel.Score> scores) {
    return argmax(
        scores.size(),
        i -> {
          String choice = question.choices().get(i);
          return scores.get(i).logProbability() / choice.codePointCount(0, choice.length());
        });
  }

  /** The first of the largest, as numpy's argmax. */
  private static int argmax(int n, IntToDoubleFunction values) {
    int best = 0;
    for (int i = 1; i < n; i++) {
      if (values.applyAsDouble(i) > values.applyAsDouble(best)) {
        best = i;
      }
    }
    return best;
  }

  /** Words and bytes are counted on the page as it was, not on what the model reads. */
  private static String page(LoadedTask task, Question question) {
    if (!question.document().path("page").isTextual()) {
      throw new UserError(
          "%s: document %s of %s has no text 'page', whose words and bytes are counted"
              .formatted(task.file(), question.id(), task.name()));
    }
    return question.document().get("page").textValue();
  }
}
