package org.mixtureofmasks.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.mixtureofmasks.score.Estimate;
import org.mixtureofmasks.score.Evaluation;
import org.mixtureofmasks.score.GroupResult;
import org.mixtureofmasks.score.Retention;
import org.mixtureofmasks.score.Summary;
import org.mixtureofmasks.task.Metric;

/** Tasks' results for people: a row for each metric, a group before its tasks, the average last. */
final class TaskTable {
  private static final String NONE = "-";

  private final Evaluation evaluation;
  private final Optional<Evaluation> dense;
  private final Map<String, Summary> denseByName;
  private final Table table = new Table();

  TaskTable(Evaluation evaluation, Optional<Evaluation> dense) {
    this.evaluation = evaluation;
    this.dense = dense;
    this.denseByName =
        dense.stream()
            .flatMap(d -> d.summaries().stream())
            .collect(Collectors.toMap(Summary::name, Function.identity()));
  }

  @Override
  public String toString() {
    List<String> head = new ArrayList<>(List.of("task", "shots", "metric", "value", "documents"));
    if (dense.isPresent()) {
      head.addAll(List.of("dense", "retention", "above chance"));
    }
    table.row(head);
    evaluation.units().forEach(unit -> addAll("", unit.name()));
    addAverage();
    return table.toString();
  }

  /** A task, or a group and then what is in it. */
  private void addAll(String before, String name) {
    for (Summary summary : evaluation.summaries()) {
      if (summary.name().equals(name)) {
        add(before, summary);
      }
    }
    for (GroupResult group : evaluation.groups()) {
      if (group.summary().name().equals(name)) {
        group.members().forEach(member -> addAll(before + "- ", member));
      }
    }
  }

  private void add(String before, Summary summary) {
    for (Metric metric : summary.metrics()) {
      boolean first = metric == summary.leading();
      Estimate mine = summary.estimate(metric);
      List<String> row = new ArrayList<>();
      row.add(first ? before + summary.name() : "");
      row.add(first && summary.shots().isPresent() ? "" + summary.shots().getAsInt() : "");
      row.add(metric.key());
      row.add(value(metric, mine));
      row.add(first ? String.valueOf(summary.documents()) : "");
      if (dense.isPresent()) {
        Estimate other = Objects.requireNonNull(denseByName.get(summary.name())).estimate(metric);
        row.add(value(metric, other));
        addRetention(row, metric, mine.value(), other.value(), summary.chance());
      }
      table.row(row);
    }
  }

  private void addAverage() {
    Retention.Average average = Retention.average(evaluation.units());
    if (average.names().size() < 2) {
      return;
    }
    List<String> row = new ArrayList<>();
    row.add("average of " + average.names().size());
    row.addAll(List.of("", "", Table.percent(average.value(), 2), ""));
    dense.ifPresent(
        d -> {
          double other = Retention.average(d.units()).value();
          row.add(Table.percent(other, 2));
          addRetention(row, Metric.ACC, average.value(), other, average.chance());
        });
    table.row(row);
  }

  private static void addRetention(
      List<String> row, Metric metric, double value, double other, double chance) {
    double retention = Retention.of(metric, value, other);
    OptionalDouble above =
        Estimate.isShare(metric)
            ? Retention.aboveChance(value, other, chance)
            : OptionalDouble.empty();
    row.add(Double.isFinite(retention) ? Table.percent(retention, 1) : NONE);
    row.add(above.isPresent() ? Table.percent(above.getAsDouble(), 1) : NONE);
  }

  /** Such as "62.14 % ± 0.85" or "11.2035". */
  static String value(Metric metric, Estimate estimate) {
    boolean share = Estimate.isShare(metric);
    String value = share ? Table.percent(estimate.value(), 2) : Table.decimals(estimate.value(), 4);
    if (estimate.standardError().isEmpty()) {
      return value;
    }
    double error = estimate.standardError().getAsDouble();
    return value + " \u00b1 " + (share ? Table.decimals(100 * error, 2) : Table.decimals(error, 4));
  }
}
