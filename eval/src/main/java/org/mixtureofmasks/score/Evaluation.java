package org.mixtureofmasks.score;

import java.time.LocalDateTime;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One model's results.
 *
 * @param model whose
 * @param started local time, which names the files
 * @param seconds wall clock, earlier runs' kept tasks not included
 * @param limit documents of each task at most; empty: all
 * @param tasks in the order in which they were asked for
 * @param groups of these tasks
 */
public record Evaluation(
    JudgedModel model,
    LocalDateTime started,
    double seconds,
    OptionalInt limit,
    List<TaskResult> tasks,
    List<GroupResult> groups) {
  public Evaluation {
    tasks = List.copyOf(tasks);
    groups = List.copyOf(groups);
  }

  /** What counts once: each widest group, and each task that is in none. */
  public List<Summary> units() {
    Set<Summary> units = new LinkedHashSet<>();
    for (TaskResult task : tasks) {
      List<String> widestFirst = task.groups().reversed();
      units.add(
          groups.stream()
              .map(GroupResult::summary)
              .filter(g -> widestFirst.indexOf(g.name()) == 0)
              .findFirst()
              .orElse(task.summary()));
    }
    return List.copyOf(units);
  }

  /** All tasks, then all groups. */
  public List<Summary> summaries() {
    return Stream.concat(
            tasks.stream().map(TaskResult::summary), groups.stream().map(GroupResult::summary))
        .toList();
  }

  /** Share of FFN weights that a token used, over all tasks' tokens. */
  public OptionalDouble activeFfnShare() {
    double sum = 0;
    long tokens = 0;
    for (TaskResult task : tasks) {
      if (task.scores().activeFfnShare().isEmpty()) {
        return OptionalDouble.empty();
      }
      sum += task.scores().activeFfnShare().getAsDouble() * task.scores().tokens();
      tokens += task.scores().tokens();
    }
    return tokens == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / tokens);
  }
}
