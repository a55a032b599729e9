package org.mixtureofmasks.harness;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.mixtureofmasks.score.Estimate;
import org.mixtureofmasks.score.Evaluation;
import org.mixtureofmasks.score.Retention;
import org.mixtureofmasks.score.Summary;
import org.mixtureofmasks.task.Metric;

/** A model's results beside a dense one's, for the key {@code mom} of its results. */
public final class RetentionJson {
  private RetentionJson() {}

  /**
   * Adds {@code reference}: the dense model, and by task, by group and for the average its value,
   * the retention, and the retention above chance (null where the dense model only guesses).
   *
   * @param results what {@link ResultsJson#of} made of the model's results
   */
  public static void add(ObjectNode results, Evaluation evaluation, Evaluation dense) {
    ObjectNode reference = ((ObjectNode) results.get("mom")).putObject("reference");
    reference.put("model_name", dense.model().name());
    reference.put("model_hash", dense.model().hash());
    ObjectNode byName = reference.putObject("results");
    Map<String, Summary> others =
        dense.summaries().stream().collect(Collectors.toMap(Summary::name, Function.identity()));
    for (Summary mine : evaluation.summaries()) {
      Metric metric = mine.leading();
      double other = Objects.requireNonNull(others.get(mine.name()), mine.name()).value();
      ObjectNode json = byName.putObject(mine.name());
      json.put("metric", metric.key());
      put(json, metric, mine.value(), other, mine.chance());
    }
    Retention.Average average = Retention.average(evaluation.units());
    if (!average.names().isEmpty()) {
      double other = Retention.average(dense.units()).value();
      put(reference.putObject("average"), Metric.ACC, average.value(), other, average.chance());
    }
  }

  private static void put(
      ObjectNode json, Metric metric, double value, double dense, double chance) {
    json.put("dense", dense);
    json.put("value", value);
    double retention = Retention.of(metric, value, dense);
    json.put("retention", Double.isFinite(retention) ? retention : null);
    if (Estimate.isShare(metric)) {
      json.put("chance", chance);
      Retention.aboveChance(value, dense, chance)
          .ifPresentOrElse(
              above -> json.put("retention_above_chance", above),
              () -> json.putNull("retention_above_chance"));
    }
  }
}
