package org.mixtureofmasks.study;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.harness.ResultsComparison;
import org.mixtureofmasks.harness.SavedResults;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.IoReasons;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.StrictJson;
import org.mixtureofmasks.score.Estimate;
import org.mixtureofmasks.score.Retention;
import org.mixtureofmasks.task.Metric;

/**
 * A model's answers to a study's tasks beside the dense model's. Kept as judged.json beside the
 * results.
 *
 * @param asked hash of the questions
 * @param scores of each task, a group once, in the order of the results
 * @param difference of the average of accuracies to the dense model's
 */
record TaskFigures(String asked, List<Score> scores, Interval difference) {
  /** Of a model that was asked nothing. */
  static final TaskFigures NONE =
      new TaskFigures("", List.of(), new Interval(Double.NaN, Double.NaN));

  private static final String FILE = "judged.json";
  private static final String BOOLQ = "boolq";

  /** As {@code mom compare} has them unless told otherwise. */
  private static final int RESAMPLES = 10_000;

  private static final long SEED = 1234;

  /**
   * The leading metric of a task or group.
   *
   * @param error standard error; NaN where there is none
   * @param dense the dense model's value
   * @param chance what guessing gives; NaN where it is not known
   * @param difference to the dense model's value
   */
  record Score(
      String name,
      Metric metric,
      double value,
      double error,
      double dense,
      double chance,
      Interval difference) {
    boolean isShare() {
      return Estimate.isShare(metric);
    }
  }

  /** From the 2.5th to the 97.5th percentile of a paired bootstrap. */
  record Interval(double low, double high) {}

  TaskFigures {
    scores = List.copyOf(scores);
  }

  /**
   * Compares a model's results with the dense model's.
   *
   * @param asked hash of the questions
   * @throws UserError if the results are not of the same documents
   */
  static TaskFigures of(String asked, SavedResults dense, SavedResults model) {
    ResultsComparison comparison = ResultsComparison.of(List.of(dense, model), RESAMPLES, SEED);
    JsonNode results = StrictJson.readObject(model.file(), Long.MAX_VALUE).path("results");
    List<Score> scores = new ArrayList<>();
    Interval average = new Interval(Double.NaN, Double.NaN);
    for (ResultsComparison.Row row : comparison.rows()) {
      Interval difference =
          new Interval(row.differences().getFirst().low(), row.differences().getFirst().high());
      // The first of a task's metrics leads.
      if (row.unit() && scores.stream().noneMatch(s -> s.name().equals(row.name()))) {
        scores.add(
            new Score(
                row.name(),
                row.metric(),
                row.values().getLast(),
                results
                    .path(row.name())
                    .path(row.metric().key() + "_stderr,none")
                    .asDouble(Double.NaN),
                row.values().getFirst(),
                row.chance().orElse(Double.NaN),
                difference));
      } else if (row.name().equals(ResultsComparison.AVERAGE)) {
        average = difference;
      }
    }
    List<Score> shares = scores.stream().filter(Score::isShare).toList();
    // A single one is its own average, for which the comparison has no row.
    return new TaskFigures(
        asked, scores, shares.size() == 1 ? shares.getFirst().difference() : average);
  }

  /** Mean accuracy; NaN if no task has one. */
  double average() {
    return mean(shares(), Score::value);
  }

  /** The dense model's mean accuracy. */
  double denseAverage() {
    return mean(shares(), Score::dense);
  }

  /** Standard error of the mean accuracy, tasks being independent. */
  double averageError() {
    List<Score> shares = shares();
    return Math.sqrt(shares.stream().mapToDouble(s -> s.error * s.error).sum()) / shares.size();
  }

  /** Mean accuracy over the dense model's. */
  double retention() {
    return retention(shares());
  }

  /** The same without BoolQ, which many models answer by guessing; NaN where it is not asked. */
  double retentionWithoutBoolq() {
    List<Score> others = shares().stream().filter(s -> !s.name.equals(BOOLQ)).toList();
    return others.size() == shares().size() ? Double.NaN : retention(others);
  }

  /** What is left of the mean above chance; NaN where the dense model only guesses. */
  double retentionAboveChance() {
    return Retention.aboveChance(average(), denseAverage(), mean(shares(), Score::chance))
        .orElse(Double.NaN);
  }

  private List<Score> shares() {
    return scores.stream().filter(Score::isShare).toList();
  }

  private static double retention(List<Score> over) {
    return mean(over, Score::value) / mean(over, Score::dense);
  }

  private static double mean(List<Score> over, ToDoubleFunction<Score> of) {
    return over.stream().mapToDouble(of).average().orElse(Double.NaN);
  }

  /**
   * Reads what {@link #save} wrote; empty if other questions were asked then, or none.
   *
   * @param asked hash of the questions
   */
  static Optional<TaskFigures> read(Path results, String asked) {
    Path file = results.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    JsonNode json = StrictJson.readObject(file, StrictJson.CONFIG_LIMIT);
    if (!json.path("asked").asText().equals(asked)) {
      return Optional.empty();
    }
    List<Score> scores = new ArrayList<>();
    for (var task : json.path("tasks").properties()) {
      JsonNode score = task.getValue();
      scores.add(
          new Score(
              task.getKey(),
              Metric.valueOf(score.path("metric").asText().toUpperCase(Locale.ROOT)),
              number(score.path("value")),
              number(score.path("stderr")),
              number(score.path("dense")),
              number(score.path("chance")),
              interval(score.path("difference_interval"))));
    }
    return Optional.of(
        new TaskFigures(asked, scores, interval(json.path("task_difference_interval"))));
  }

  /** Takes back what was kept, before other questions are asked in the same folder. */
  static void forget(Path results) {
    Path file = results.resolve(FILE);
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UserError("cannot delete %s: %s".formatted(file, IoReasons.of(e)), e);
    }
  }

  void save(Path results) {
    ObjectNode json = Json.object();
    json.put("asked", asked);
    describe(json);
    AtomicFiles.writeString(results.resolve(FILE), Json.pretty(json) + "\n");
  }

  /** Adds the members of study.json. */
  void describe(ObjectNode json) {
    ObjectNode tasks = json.putObject("tasks");
    for (Score score : scores) {
      ObjectNode task = tasks.putObject(score.name);
      task.put("metric", score.metric.key());
      task.put("value", Json.number(score.value));
      task.put("stderr", Json.number(score.error));
      task.put("dense", Json.number(score.dense));
      task.put("chance", Json.number(score.chance));
      put(task, "difference_interval", score.difference);
    }
    json.put("task_average", Json.number(average()));
    json.put("task_average_stderr", Json.number(averageError()));
    put(json, "task_difference_interval", difference);
    describeRetention(json);
  }

  /** Adds what was kept of the dense model's answers. */
  void describeRetention(ObjectNode json) {
    json.put("task_retention", Json.number(retention()));
    json.put("task_retention_without_boolq", Json.number(retentionWithoutBoolq()));
    json.put("task_retention_above_chance", Json.number(retentionAboveChance()));
  }

  private static void put(ObjectNode json, String key, Interval interval) {
    json.putArray(key).add(Json.number(interval.low)).add(Json.number(interval.high));
  }

  private static Interval interval(JsonNode json) {
    return new Interval(number(json.path(0)), number(json.path(1)));
  }

  private static double number(JsonNode json) {
    return json.asDouble(Double.NaN);
  }
}
