package org.mixtureofmasks.evaluate;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.mixtureofmasks.task.Metric;

/**
 * A group's mean over its tasks' documents.
 *
 * @param tasks names of its tasks
 * @param summary what it comes to
 */
public record GroupResult(List<String> tasks, Summary summary) {
  public GroupResult {
    tasks = List.copyOf(tasks);
  }

  /**
   * The groups of some tasks, in the order in which they first appear; those whose tasks share no
   * metric that can be averaged are left out.
   */
  public static List<GroupResult> of(List<TaskResult> results) {
    Map<String, List<TaskResult>> groups = new LinkedHashMap<>();
    for (TaskResult result : results) {
      result
          .task()
          .group()
          .ifPresent(g -> groups.computeIfAbsent(g, _ -> new ArrayList<>()).add(result));
    }
    return groups.entrySet().stream()
        .map(e -> of(e.getKey(), e.getValue()))
        .filter(g -> !g.summary.metrics().isEmpty())
        .toList();
  }

  private static GroupResult of(String name, List<TaskResult> results) {
    List<Summary> tasks = results.stream().map(TaskResult::summary).toList();
    List<Integer> sizes = tasks.stream().map(Summary::documents).toList();
    // Only shares can be averaged over tasks, and only those that all of them have.
    List<Metric> metrics =
        tasks.getFirst().metrics().stream()
            .filter(Estimate::isShare)
            .filter(m -> tasks.stream().allMatch(t -> t.metrics().contains(m)))
            .toList();
    Map<Metric, Estimate> estimates = new EnumMap<>(Metric.class);
    for (Metric metric : metrics) {
      estimates.put(
          metric,
          Estimate.pooled(tasks.stream().map(t -> t.estimates().get(metric)).toList(), sizes));
    }
    int documents = sizes.stream().mapToInt(Integer::intValue).sum();
    double chance =
        tasks.stream().mapToDouble(t -> t.chance() * t.documents()).sum() / documents;
    boolean alike = tasks.stream().map(Summary::shots).distinct().count() == 1;
    OptionalInt shots = alike ? tasks.getFirst().shots() : OptionalInt.empty();
    return new GroupResult(
        tasks.stream().map(Summary::name).toList(),
        new Summary(name, shots, metrics, estimates, documents, chance));
  }
}
