package org.mixtureofmasks.harness;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.score.Estimate;
import org.mixtureofmasks.score.Observation;
import org.mixtureofmasks.score.PairedBootstrap;
import org.mixtureofmasks.task.Metric;

/** Makes a {@link ResultsComparison}. */
final class Pairing {
  private final List<SavedResults> all;
  private final PairedBootstrap bootstrap;
  private final List<ResultsComparison.Row> rows = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();

  /** Leading shares by unit, model x resample, for the average. */
  private final Map<String, double[][]> leading = new LinkedHashMap<>();

  Pairing(List<SavedResults> all, PairedBootstrap bootstrap) {
    this.all = all;
    this.bootstrap = bootstrap;
  }

  ResultsComparison build() {
    List<String> shared = sharedTasks();
    shared.forEach(this::requireSameDocuments);
    Map<String, List<String>> groups = new LinkedHashMap<>(all.getFirst().groups());
    groups.values().removeIf(tasks -> !shared.containsAll(tasks));
    Set<String> grouped = new LinkedHashSet<>();
    groups.values().forEach(grouped::addAll);
    for (String task : shared) {
      add(task, List.of(task), !grouped.contains(task));
    }
    // Of nested groups only the largest count in the average.
    groups.forEach(
        (name, tasks) ->
            add(
                name,
                tasks,
                groups.values().stream()
                    .noneMatch(o -> o.size() > tasks.size() && o.containsAll(tasks))));
    if (leading.size() > 1) {
      addAverage();
    }
    return new ResultsComparison(List.copyOf(rows), List.copyOf(warnings));
  }

  private List<String> sharedTasks() {
    Set<String> names = new LinkedHashSet<>();
    all.forEach(results -> names.addAll(results.tasks().keySet()));
    List<String> shared = new ArrayList<>();
    for (String name : names) {
      List<SavedResults> without = all.stream().filter(r -> !r.tasks().containsKey(name)).toList();
      if (without.isEmpty()) {
        shared.add(name);
      } else {
        warnings.add(name + ": not compared, it is not in " + without.getFirst().file());
      }
    }
    if (shared.isEmpty()) {
      throw new UserError("no task is in all of these results: there is nothing to compare");
    }
    return shared;
  }

  private void requireSameDocuments(String task) {
    List<SavedTask.Sample> first = all.getFirst().task(task).samples();
    for (SavedResults other : all.subList(1, all.size())) {
      List<SavedTask.Sample> samples = other.task(task).samples();
      int prompts = 0;
      for (int i = 0; i < Math.max(first.size(), samples.size()); i++) {
        if (i >= Math.min(first.size(), samples.size())
            || first.get(i).documentId() != samples.get(i).documentId()
            || !first.get(i).documentHash().equals(samples.get(i).documentHash())) {
          throw new UserError(
              ("%s: the documents differ: %s has %s, %s %s, and number %s is not the same:"
                      + " evaluate both with the same --data and --limit")
                  .formatted(
                      task, all.getFirst().file(), first.size(), other.file(), samples.size(), i));
        }
        prompts += first.get(i).promptHash().equals(samples.get(i).promptHash()) ? 0 : 1;
      }
      if (prompts > 0) {
        warnings.add(
            task
                + ": "
                + prompts
                + " of "
                + first.size()
                + " prompts of "
                + other.file()
                + " are not those of "
                + all.getFirst().file()
                + " (other shots or another template)");
      }
    }
  }

  private void add(String name, List<String> tasks, boolean counts) {
    List<SavedTask> first = tasks.stream().map(t -> all.getFirst().task(t)).toList();
    List<Metric> metrics =
        first.getFirst().metrics().stream()
            .filter(
                m ->
                    all.stream()
                        .allMatch(
                            r -> tasks.stream().allMatch(t -> r.task(t).metrics().contains(m))))
            .filter(m -> tasks.size() == 1 || Estimate.isShare(m))
            .toList();
    first.stream()
        .filter(t -> !t.unknown().isEmpty())
        .forEach(t -> warnings.add(t.name() + ": not compared: " + t.unknown()));
    for (Metric metric : metrics) {
      List<List<Observation>> observations =
          all.stream().map(r -> observations(r, tasks, metric)).toList();
      double[][] resampled = bootstrap.values(name, metric, observations);
      List<Double> values = observations.stream().map(o -> Estimate.value(metric, o)).toList();
      int documents = observations.getFirst().size();
      rows.add(row(name, metric, documents, values, resampled, chance(first), counts));
      if (counts && Estimate.isShare(metric)) {
        leading.putIfAbsent(name, resampled);
      }
    }
  }

  private void addAverage() {
    double[][] mean = new double[all.size()][bootstrap.resamples()];
    List<Double> values = new ArrayList<>();
    for (int m = 0; m < mean.length; m++) {
      for (double[][] unit : leading.values()) {
        for (int r = 0; r < mean[m].length; r++) {
          mean[m][r] += unit[m][r] / leading.size();
        }
      }
      int model = m;
      values.add(
          leading.keySet().stream()
              .mapToDouble(name -> leadingRow(name).values().get(model))
              .average()
              .orElseThrow());
    }
    int documents = leading.keySet().stream().mapToInt(n -> leadingRow(n).documents()).sum();
    List<OptionalDouble> chances =
        leading.keySet().stream().map(name -> leadingRow(name).chance()).toList();
    OptionalDouble chance =
        chances.stream().allMatch(OptionalDouble::isPresent)
            ? chances.stream().mapToDouble(OptionalDouble::getAsDouble).average()
            : OptionalDouble.empty();
    rows.add(row(ResultsComparison.AVERAGE, Metric.ACC, documents, values, mean, chance, false));
  }

  private ResultsComparison.Row leadingRow(String name) {
    return rows.stream()
        .filter(r -> r.name().equals(name) && Estimate.isShare(r.metric()))
        .findFirst()
        .orElseThrow();
  }

  private static ResultsComparison.Row row(
      String name,
      Metric metric,
      int documents,
      List<Double> values,
      double[][] resampled,
      OptionalDouble chance,
      boolean unit) {
    List<PairedBootstrap.Difference> differences =
        IntStream.range(1, resampled.length)
            .mapToObj(
                m ->
                    PairedBootstrap.difference(
                        values.get(m) - values.getFirst(), resampled[0], resampled[m]))
            .toList();
    return new ResultsComparison.Row(name, metric, documents, values, differences, chance, unit);
  }

  /** What guessing gives, each document counted once. */
  private static OptionalDouble chance(List<SavedTask> tasks) {
    if (!tasks.stream().allMatch(t -> t.chance().isPresent())) {
      return OptionalDouble.empty();
    }
    int documents = tasks.stream().mapToInt(t -> t.samples().size()).sum();
    return OptionalDouble.of(
        tasks.stream().mapToDouble(t -> t.chance().getAsDouble() * t.samples().size()).sum()
            / documents);
  }

  private static List<Observation> observations(
      SavedResults results, List<String> tasks, Metric metric) {
    return tasks.stream()
        .flatMap(t -> results.task(t).samples().stream())
        .map(s -> s.observations().get(metric))
        .toList();
  }
}
