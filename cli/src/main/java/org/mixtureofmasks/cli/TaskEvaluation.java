package org.mixtureofmasks.cli;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.score.Evaluation;
import org.mixtureofmasks.score.GroupResult;
import org.mixtureofmasks.score.KeptScores;
import org.mixtureofmasks.score.Summary;
import org.mixtureofmasks.score.TaskResult;
import org.mixtureofmasks.score.TaskRun;
import org.mixtureofmasks.score.TaskScores;
import org.mixtureofmasks.task.AskedTask;
import org.mixtureofmasks.task.LoadedTask;

/**
 * Puts tasks to models, one after the other; what is finished is kept at once.
 *
 * @param tasks what is asked
 * @param limit documents of each task without a limit of its own at most; empty: all
 * @param kept folder of finished tasks' scores, if they are kept
 * @param fresh whether finished tasks are repeated
 */
record TaskEvaluation(
    List<AskedTask> tasks, OptionalInt limit, Optional<Path> kept, boolean fresh) {

  /** All tasks' results of one model. */
  Evaluation of(Candidate candidate) {
    LocalDateTime started = LocalDateTime.now(ZoneId.systemDefault());
    long start = System.nanoTime();
    List<TaskResult> results = new ArrayList<>();
    for (AskedTask task : tasks) {
      try {
        results.add(result(task, candidate, results.size() + 1));
      } catch (UserError e) {
        if (kept.isPresent() && !results.isEmpty()) {
          Terminal.note(
              "finished tasks are kept in %s: the same command goes on from there"
                  .formatted(kept.get()));
        }
        throw e;
      }
    }
    return new Evaluation(
        candidate.model(),
        started,
        (System.nanoTime() - start) * 1e-9,
        limit,
        results,
        GroupResult.of(results));
  }

  private TaskResult result(AskedTask asked, Candidate candidate, int number) {
    LoadedTask task = asked.task();
    Optional<KeptScores> store = kept.map(folder -> new KeptScores(folder, candidate.model()));
    Optional<TaskScores> old = fresh ? Optional.empty() : store.flatMap(s -> s.find(task));
    if (old.isPresent()) {
      Terminal.note("%s: kept from %s".formatted(task.name(), store.get().file(task)));
      return TaskResult.of(task, asked.groups(), old.get());
    }
    TaskScores scores;
    try (ProgressLine progress =
        ProgressLine.start(
            task.name() + " (" + number + " of " + tasks.size() + ")", "documents")) {
      scores = new TaskRun(task, candidate.language()).run(progress);
    }
    store.ifPresent(s -> s.save(task, scores));
    TaskResult result = TaskResult.of(task, asked.groups(), scores);
    Summary summary = result.summary();
    Terminal.note(
        "%s: %s %s, %s documents in %s s"
            .formatted(
                task.name(),
                summary.leading().key(),
                TaskTable.value(summary.leading(), summary.estimate(summary.leading())),
                summary.documents(),
                Table.decimals(scores.seconds(), 1)));
    return result;
  }
}
