package org.mixtureofmasks.score;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.mixtureofmasks.task.Metric;

/**
 * A group's mean over its tasks' documents.
 *
 * @param members names of the groups directly in it, or of its tasks
 * @param summary what it comes to
 */
public record GroupResult(List<String> members, Summary summary) {
  public GroupResult {
    members = List.copyOf(members);
  }

  /**
   * The groups of some tasks, the widest first; those whose tasks share no metric that can be
   * averaged are left out.
   */
  public static List<GroupResult> of(List<TaskResult> results) {
    Map<String, List<TaskResult>> tasks = new LinkedHashMap<>();
    Map<String, Set<String>> members = new LinkedHashMap<>();
    for (TaskResult result : results) {
      for (int g = result.groups().size() - 1; g >= 0; g--) {
        String group = result.groups().get(g);
        tasks.computeIfAbsent(group, _ -> new ArrayList<>()).add(result);
        members
            .computeIfAbsent(group, _ -> new LinkedHashSet<>())
            .add(g == 0 ? result.task().name() : result.groups().get(g - 1));
      }
    }
    return tasks.entrySet().stream()
        .map(e -> of(e.getKey(), List.copyOf(members.get(e.getKey())), e.getValue()))
        .filter(g -> !g.summary.metrics().isEmpty())
        .toList();
  }

  private static GroupResult of(String name, List<String> members, List<TaskResult> results) {
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
    double chance = tasks.stream().mapToDouble(t -> t.chance() * t.documents()).sum() / documents;
    boolean alike = tasks.stream().map(Summary::shots).distinct().count() == 1;
    OptionalInt shots = alike ? tasks.getFirst().shots() : OptionalInt.empty();
    return new GroupResult(
        members, new Summary(name, shots, metrics, estimates, documents, chance));
  }
}
