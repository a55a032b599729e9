package org.mixtureofmasks.verbs;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.ShellWords;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.compile.RunModel;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.ledger.Ledger;
import org.mixtureofmasks.ledger.LedgerJson;
import org.mixtureofmasks.ledger.Measured;
import org.mixtureofmasks.ledger.PhaseClock;
import org.mixtureofmasks.ledger.ResidentMemory;
import org.mixtureofmasks.train.FinishedRun;
import org.mixtureofmasks.train.RunPhase;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;
import org.mixtureofmasks.train.Validation;
import org.mixtureofmasks.verdict.Verdict;

/** Trains, compiles, and says what came of it: the common end of sparsify and resume. */
final class RunReport {
  private final RunProgress progress;
  private final List<Validation.Result> validated = new ArrayList<>();
  private double tokensPerSecond;
  private final PhaseClock clock = new PhaseClock();

  private final Optional<Ledger> forecast;

  /**
   * @param forecast what the run is predicted to take; empty where nobody asked
   */
  RunReport(RunProgress progress, Optional<Ledger> forecast) {
    this.forecast = forecast;
    this.progress = progress;
    forecast.ifPresent(progress::expect);
  }

  /** Passes everything on and keeps the figures of the summary. */
  TrainingListener listener() {
    return new TrainingListener() {
      @Override
      public void phase(RunPhase phase) {
        clock.begin(phase.word());
        progress.phase(phase);
      }

      @Override
      public void begin(String part, String unit) {
        progress.begin(part, unit);
      }

      @Override
      public void at(long done, long total) {
        progress.at(done, total);
      }

      @Override
      public void detail(String text) {
        progress.detail(text);
      }

      @Override
      public void note(String what) {
        progress.note(what);
      }

      @Override
      public void step(Step step) {
        tokensPerSecond = step.tokensPerSecond();
        progress.step(step);
      }

      @Override
      public void validated(int step, Validation.Result result) {
        validated.add(result);
        progress.validated(step, result);
      }

      @Override
      public void saved(Path checkpoint) {
        progress.saved(checkpoint);
      }
    };
  }

  /**
   * Trains to the end, writes masks and model, judges it, prints the summary.
   *
   * @param judging what the model is judged by, if there is held-out text
   * @return the exit code: 0, or 1 if the run was stopped on the way
   */
  int finish(Trainer trainer, Optional<Judging> judging, PrintWriter out, boolean json) {
    progress.training(trainer);
    trainer.train();
    if (!trainer.ended() || progress.stopping()) {
      clock.close();
      progress.note(
          "stopped and saved: go on with '%s'"
              .formatted(ShellWords.command("mom", "resume", trainer.folder().path())));
      return UserError.FAILED;
    }
    trainer.free();
    clock.begin(RunPhase.COMPILE.word());
    progress.phase(RunPhase.COMPILE);
    FinishedRun run = FinishedRun.open(trainer.folder().path());
    RunModel model = RunModel.of(run, progress);
    model.writeMasks();
    Map<String, @Nullable Object> summary = new LinkedHashMap<>();
    summary.put("run", trainer.folder().path().toString());
    summary.put("steps", run.steps());
    if (!validated.isEmpty()) {
      summary.put("validation_loss_before", validated.getFirst().mean());
      summary.put("validation_loss", validated.getLast().mean());
      summary.put("validation_losses", validated.getLast().byFile());
      summary.putAll(trainer.method().validationMetrics());
    }
    if (tokensPerSecond > 0) {
      summary.put("tokens_per_second", tokensPerSecond);
    }
    if (run.method().onlyEvaluates().isPresent()) {
      summary.put("not_compiled", run.method().onlyEvaluates().get());
    } else if (Files.exists(trainer.folder().model())) {
      summary.put("model", trainer.folder().model().toString());
      progress.note("the model is there already: %s".formatted(trainer.folder().model()));
    } else {
      summary.putAll(model.write(trainer.folder().model(), Optional.empty(), Optional.empty()));
    }
    Optional<Verdict> verdict = Optional.empty();
    if (judging.isPresent() && run.method().onlyEvaluates().isEmpty()) {
      clock.begin(RunPhase.JUDGE.word());
      progress.phase(RunPhase.JUDGE);
      verdict = judging.map(j -> j.judge(trainer.folder(), progress));
    }
    clock.close();
    progress.end();
    List<Measured> measured = clock.measured();
    long peak = ResidentMemory.peak().orElse(0);
    summary.put("peak_memory_bytes", peak == 0 ? null : peak);
    summary.put("seconds", measured.stream().mapToDouble(Measured::seconds).sum());
    if (json) {
      forecast.ifPresent(
          ledger -> summary.put("forecast", LedgerJson.compared(ledger, measured, peak)));
    }
    if (json) {
      verdict.ifPresent(v -> summary.put("verdict", v.json()));
    }
    if (json || verdict.isEmpty()) {
      print(summary, out, json);
    }
    if (!json) {
      verdict.ifPresent(
          v ->
              out.print(Judging.forPeople(v, trainer.folder(), run.denseModel(), run.steps() > 0)));
      forecast.ifPresent(
          ledger -> out.printf("%n%s%n", LedgerTables.compared(ledger, measured, peak)));
      out.flush();
    }
    return 0;
  }

  /** One JSON object, or a line for each figure. */
  static void print(
      Map<String, ? extends @Nullable Object> summary, PrintWriter out, boolean json) {
    if (json) {
      out.println(Json.line(summary));
    } else {
      summary.forEach((name, value) -> out.println(line(name, value)));
    }
    out.flush();
  }

  private static String line(String name, @Nullable Object value) {
    String text =
        value instanceof Map<?, ?> m
            ? m.entrySet().stream()
                .map(e -> e.getKey() + " " + figure(e.getValue()))
                .collect(Collectors.joining(", "))
            : figure(value);
    return String.format(Locale.ROOT, "%-24s %s", name.replace('_', ' '), text);
  }

  private static String figure(@Nullable Object value) {
    return value instanceof Double d
        ? String.format(Locale.ROOT, "%.4f", d)
        : String.valueOf(value);
  }
}
