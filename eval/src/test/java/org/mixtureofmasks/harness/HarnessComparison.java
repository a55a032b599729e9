package org.mixtureofmasks.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.mixtureofmasks.io.Sha256;
import org.mixtureofmasks.score.Estimate;
import org.mixtureofmasks.score.Grading;
import org.mixtureofmasks.score.LanguageModel;
import org.mixtureofmasks.score.Observation;
import org.mixtureofmasks.score.Summary;
import org.mixtureofmasks.score.TaskResult;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Metric;
import org.mixtureofmasks.task.OutputType;
import org.mixtureofmasks.task.Question;

/**
 * Compares one task's result with the harness's, document by document, and keeps the largest
 * difference. Prompts must be the same to the letter; log-probabilities may differ by the rounding
 * of float32 sums, and a prediction only where that rounding decides it.
 */
final class HarnessComparison {
  /** Largest difference of a continuation's summed log-probability, nats. */
  private static final double TOLERANCE = 1e-3;

  /** Largest difference a token of a rolling text, nats. */
  private static final double TOLERANCE_PER_TOKEN = 1e-5;

  private double largest;
  private double largestPerToken;
  private int texts;
  private double worst;
  private String worstWhere = "";
  private int documents;
  private int predictions;
  private int equal;

  /** One task against its lines and its metrics in the head. */
  void compare(TaskResult result, HarnessReference reference) {
    LoadedTask task = result.task();
    List<JsonNode> expected = reference.documents().get(task.name());
    assertEquals(expected.size(), task.questions().size(), task.name() + ": documents");
    int equalBefore = equal;
    int predictionsBefore = predictions;
    for (int i = 0; i < expected.size(); i++) {
      compare(task, task.questions().get(i), result.scores().scores().get(i), expected.get(i));
    }
    assertTrue(worst < 1, worstWhere);
    if (equal - equalBefore == predictions - predictionsBefore) {
      compareMetrics(result.summary(), reference.head().get("results").get(task.name()));
    }
  }

  private void compare(
      LoadedTask task, Question question, List<LanguageModel.Score> scores, JsonNode expected) {
    String where = task.name() + " " + task.fewShot() + "-shot, document " + question.id();
    assertEquals(expected.get("id").asInt(), question.id(), where);
    JsonNode scored = expected.get("scored");
    assertEquals(scored.size(), question.asks().size(), where + ": texts to score");
    documents++;
    for (int a = 0; a < scored.size(); a++) {
      Question.Ask ask = question.asks().get(a);
      assertEquals(
          scored.get(a).get("hash").asText(),
          hash(ask),
          where
              + ", text "
              + a
              + " is another: '"
              + ask.context()
              + "|"
              + ask.continuation()
              + "'");
      LanguageModel.Score score = scores.get(a);
      boolean rolling = task.output() == OutputType.LOGLIKELIHOOD_ROLLING;
      note(scored.get(a).get("log_probability").asDouble(), score, rolling, where + ", text " + a);
      if (!rolling) {
        assertEquals(scored.get(a).get("greedy").asBoolean(), score.greedy(), where + ": greedy");
      }
    }
    Map<Metric, Observation> observed = Grading.of(task, question, scores);
    observed.forEach((metric, o) -> compare(metric, o, expected, question, scores, where));
  }

  private void note(double expected, LanguageModel.Score score, boolean rolling, String where) {
    double difference = Math.abs(expected - score.logProbability());
    double allowed = rolling ? TOLERANCE_PER_TOKEN * score.tokens() : TOLERANCE;
    texts++;
    largest = Math.max(largest, difference);
    largestPerToken = Math.max(largestPerToken, difference / score.tokens());
    if (difference / allowed > worst) {
      worst = difference / allowed;
      worstWhere =
          where
              + ": "
              + score.logProbability()
              + ", in the harness "
              + expected
              + ", "
              + score.tokens()
              + " tokens";
    }
  }

  private void compare(
      Metric metric,
      Observation observed,
      JsonNode expected,
      Question question,
      List<LanguageModel.Score> scores,
      String where) {
    JsonNode value = expected.get(metric.key());
    switch (metric) {
      case ACC, ACC_NORM -> {
        predictions++;
        if (value.asDouble() == observed.value()) {
          equal++;
        } else {
          assertTrue(
              isClose(metric, question, scores),
              where + ": " + metric.key() + " is " + observed.value() + " and no near tie");
        }
      }
      case PERPLEXITY -> assertEquals(value.asDouble(), observed.value(), TOLERANCE, where);
      case WORD_PERPLEXITY, BYTE_PERPLEXITY, BITS_PER_BYTE ->
          assertEquals(value.get(1).asDouble(), observed.weight(), where + ": " + metric.key());
    }
  }

  /** Whether the two best choices are so near that rounding decides between them. */
  private static boolean isClose(
      Metric metric, Question question, List<LanguageModel.Score> scores) {
    double best = Double.NEGATIVE_INFINITY;
    double second = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < scores.size(); i++) {
      String choice = question.choices().get(i);
      int length = metric == Metric.ACC ? 1 : choice.codePointCount(0, choice.length());
      double value = scores.get(i).logProbability() / length;
      second = Math.max(second, Math.min(best, value));
      best = Math.max(best, value);
    }
    return best - second < 2 * TOLERANCE;
  }

  /** A task's or a group's metrics with their standard errors, which are left out where unknown. */
  void compareMetrics(Summary summary, JsonNode expected) {
    summary
        .estimates()
        .forEach(
            (metric, estimate) -> {
              String where = summary.name() + ": " + metric.key();
              double value = expected.get(metric.key() + ",none").asDouble();
              // Shares are exact; what is made of log-probabilities has their rounding.
              double tolerance = Estimate.isShare(metric) ? 1e-12 : 1e-4 * Math.abs(value);
              assertEquals(value, estimate.value(), tolerance, where);
              JsonNode error = expected.path(metric.key() + "_stderr,none");
              assertEquals(
                  error.isNumber(), estimate.standardError().isPresent(), where + ": has an error");
              if (error.isNumber()) {
                double exact = error.asDouble();
                double allowed = Estimate.isShare(metric) ? 1e-12 : 1e-3 * exact;
                assertEquals(
                    exact, estimate.standardError().getAsDouble(), allowed, where + ": error");
              }
            });
  }

  private static String hash(Question.Ask ask) {
    return Sha256.of(ask.context() + "\0" + ask.continuation()).substring(0, 32);
  }

  /** What was found, in words. */
  @Override
  public String toString() {
    return documents
        + " documents, "
        + texts
        + " log-probabilities within "
        + largest
        + ", a token within "
        + largestPerToken
        + (predictions > 0 ? ", predictions equal " + equal + "/" + predictions : "");
  }
}
