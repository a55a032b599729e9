package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.harness.ResultsFolder;
import org.mixtureofmasks.harness.ResultsJson;
import org.mixtureofmasks.harness.RetentionJson;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.score.Evaluation;
import org.mixtureofmasks.task.AskedTask;

/**
 * The part of {@code mom evaluate} that puts tasks to models.
 *
 * @param names as they were given
 * @param options for tasks
 * @param limit documents of each task at most; null: all
 * @param out where results go, or null
 * @param output how they are printed
 */
record TasksMode(
    List<String> names,
    TaskOptions options,
    @Nullable Integer limit,
    @Nullable Path out,
    OutputOptions output) {

  /**
   * Evaluates a model, and a dense one beside it if there is one.
   *
   * <p>What can fail without a model fails first: names, files, the folder for results.
   */
  void run(Supplier<Candidate> model, Optional<Supplier<Candidate>> reference) {
    if (limit != null && limit < 1) {
      throw UserError.usage("--limit %s: it must be at least 1".formatted(limit));
    }
    OptionalInt most = limit == null ? OptionalInt.empty() : OptionalInt.of(limit);
    List<AskedTask> tasks = AskedTask.load(names, options.requiredData(), options.shots(), most);
    if (out != null) {
      AtomicFiles.requireWritable(out);
    }
    TaskEvaluation evaluation =
        new TaskEvaluation(
            tasks, most, Optional.ofNullable(out).map(o -> o.resolve("scores")), options.fresh());
    // One after the other: two models at once would share memory and bandwidth.
    Optional<Evaluation> dense = reference.map(r -> evaluate(evaluation, r));
    Evaluation evaluated = evaluate(evaluation, model);
    ObjectNode json = ResultsJson.of(evaluated);
    dense.ifPresent(d -> RetentionJson.add(json, evaluated, d));
    if (out != null) {
      dense.ifPresent(d -> ResultsFolder.write(out.resolve("reference"), d, ResultsJson.of(d)));
      Terminal.note("results: %s".formatted(ResultsFolder.write(out, evaluated, json)));
    }
    output.print(json, () -> new TaskTable(evaluated, dense).toString());
  }

  private String kept() {
    return out == null
        ? "stopped: nothing is kept (with --out DIR finished tasks would be)"
        : "stopped: finished tasks are kept in %s; the same command goes on from there"
            .formatted(out);
  }

  private Evaluation evaluate(TaskEvaluation evaluation, Supplier<Candidate> model) {
    try (ProgressLine _ = ProgressLine.start("loading the model", "");
        StopSignal _ = StopSignal.atOnce(kept());
        Candidate candidate = model.get()) {
      Terminal.note("%s:".formatted(candidate.model().name()));
      return evaluation.of(candidate);
    }
  }
}
