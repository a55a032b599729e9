package org.mixtureofmasks.score;

import java.time.LocalDateTime;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.mixtureofmasks.format.Shares;

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
    EvaluatedModel model,
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

  /** What a token needed of the dense FFN, over all tasks' tokens. */
  public Optional<Shares> shares() {
    double active = 0;
    double read = 0;
    long tokens = 0;
    for (TaskResult task : tasks) {
      if (task.scores().shares().isEmpty()) {
        return Optional.empty();
      }
      Shares shares = task.scores().shares().orElseThrow();
      active += shares.activeFfn() * task.scores().tokens();
      read += shares.allIn() * task.scores().tokens();
      tokens += task.scores().tokens();
    }
    return tokens == 0 ? Optional.empty() : Optional.of(new Shares(active / tokens, read / tokens));
  }
}
