package org.mixtureofmasks.score;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Metric;
import org.mixtureofmasks.task.OutputType;
import org.mixtureofmasks.task.Question;

/**
 * A task's answers and what they come to.
 *
 * @param task what was asked
 * @param groups whose means it counts in, the narrowest first
 * @param scores what the model said
 * @param summary what that comes to
 */
public record TaskResult(LoadedTask task, List<String> groups, TaskScores scores, Summary summary) {
  public TaskResult {
    groups = List.copyOf(groups);
  }

  /** Grades the scores of a task with at least one question. */
  public static TaskResult of(LoadedTask task, List<String> groups, TaskScores scores) {
    Map<Metric, List<Observation>> observations = new EnumMap<>(Metric.class);
    List<Question> questions = task.questions();
    for (int i = 0; i < questions.size(); i++) {
      Grading.of(task, questions.get(i), scores.scores().get(i))
          .forEach(
              (metric, observation) ->
                  observations.computeIfAbsent(metric, _ -> new ArrayList<>()).add(observation));
    }
    Map<Metric, Estimate> estimates = new EnumMap<>(Metric.class);
    observations.forEach((metric, all) -> estimates.put(metric, Estimate.of(metric, all)));
    Summary summary =
        new Summary(
            task.name(),
            OptionalInt.of(task.fewShot()),
            task.metrics(),
            estimates,
            questions.size(),
            chance(task));
    return new TaskResult(task, groups, scores, summary);
  }

  private static double chance(LoadedTask task) {
    return task.output() == OutputType.MULTIPLE_CHOICE
        ? task.questions().stream().mapToDouble(q -> 1.0 / q.asks().size()).average().orElse(0)
        : 0;
  }
}
