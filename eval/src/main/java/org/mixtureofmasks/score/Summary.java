package org.mixtureofmasks.score;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.mixtureofmasks.task.Metric;

/**
 * What a model reached on a task, or on a group of tasks.
 *
 * @param name of the task or group
 * @param shots examples before each question; empty for a group whose tasks differ
 * @param metrics what is told, the leading one first
 * @param estimates one for each metric
 * @param documents that were asked
 * @param chance accuracy of guessing: the mean of 1 / choices; 0 where nothing can be guessed
 */
public record Summary(
    String name,
    OptionalInt shots,
    List<Metric> metrics,
    Map<Metric, Estimate> estimates,
    int documents,
    double chance) {
  public Summary {
    metrics = List.copyOf(metrics);
    estimates = Map.copyOf(estimates);
  }

  /** The metric that is told first. */
  public Metric leading() {
    return metrics.getFirst();
  }

  /** The leading metric's value. */
  public double value() {
    return estimate(leading()).value();
  }

  /** The estimate of one of the metrics. */
  public Estimate estimate(Metric metric) {
    return Objects.requireNonNull(estimates.get(metric), metric::key);
  }
}
