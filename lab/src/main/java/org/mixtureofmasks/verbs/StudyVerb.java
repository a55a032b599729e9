package org.mixtureofmasks.verbs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.mixtureofmasks.Nearest;
import org.mixtureofmasks.ShellWords;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.cli.Main;
import org.mixtureofmasks.cli.ProgressLine;
import org.mixtureofmasks.cli.StopSignal;
import org.mixtureofmasks.cli.Verb;
import org.mixtureofmasks.study.Plan;
import org.mixtureofmasks.study.PlannedRun;
import org.mixtureofmasks.study.StudyReader;
import org.mixtureofmasks.study.StudyRunner;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mom study}: a matrix of runs and one comparison of them. */
@Command(
    name = "study",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Runs a matrix of methods, options and seeds, and compares what ships.",
    footer = {
      "",
      "Examples:",
      "  mom study recipes/studies/headline.yaml --out runs/headline --dry-run",
      "  mom study recipes/studies/headline.yaml --out runs/headline",
      "  mom study recipes/studies/headline.yaml --out runs/headline --only 'dense, continued'",
      "",
      "The same command goes on where it was stopped; nothing runs twice. DIR/study.html, .md, .csv",
      "and .json are written anew after every run, and board.json where the study also judges by",
      "tasks, texts or speed. Exit code 1 if a run failed."
    })
public final class StudyVerb implements Verb {
  @Parameters(index = "0", paramLabel = "STUDY", description = "A .yaml file: see docs/studies.md.")
  private Path file;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description =
          "Folder of the study: its runs and the comparison; an earlier one is gone on with.")
  private Path out;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      description = "Run only the runs of this name (as in the tables); repeatable.")
  private List<String> only = new ArrayList<>();

  @Option(
      names = "--dry-run",
      description = "List the runs with their folders and the time they would take; write nothing.")
  private boolean dryRun;

  @Option(names = "--json", description = "One JSON object on stdout.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    try (ProgressLine progress = ProgressLine.start(err, "reading %s".formatted(file), "")) {
      return call(progress, err);
    }
  }

  private int call(ProgressLine progress, PrintWriter err) {
    Plan plan = Plan.of(StudyReader.read(file));
    Predicate<PlannedRun> chosen = chosen(plan);
    StudyRunner runner =
        new StudyRunner(
            plan,
            out,
            "mom study %s --out %s".formatted(ShellWords.quote(file), ShellWords.quote(out)),
            Main.class.getName(),
            progress);
    if (dryRun) {
      StudyForecast forecast = StudyForecast.of(plan, runner, chosen, out, progress);
      progress.end();
      print(forecast.json(), forecast::text);
      return 0;
    }
    int missing;
    try (StopSignal _ = new StopSignal(() -> stop(runner))) {
      missing = runner.run(chosen);
    }
    progress.end();
    print(runner.json(), runner::markdown);
    if (missing == 0) {
      return 0;
    }
    err.println(
        "mom: "
            + missing
            + " of the runs are not done: see "
            + out.resolve("study.md")
            + "; the same command tries them again");
    err.flush();
    return UserError.FAILED;
  }

  private static StopSignal.Answer stop(StudyRunner runner) {
    runner.stop();
    return StopSignal.Answer.afterwards(
        "each run that goes on finishes its step and is saved; the same command goes on from there");
  }

  private void print(ObjectNode object, Supplier<String> forPeople) {
    PrintWriter to = spec.commandLine().getOut();
    to.println(json ? object.toString() : forPeople.get());
    to.flush();
  }

  private Predicate<PlannedRun> chosen(Plan plan) {
    Set<String> labels = new LinkedHashSet<>();
    plan.runs().forEach(run -> labels.add(run.label()));
    for (String name : only) {
      if (!labels.contains(name)) {
        throw UserError.usage(
            "--only %s: the study has no such run%s"
                .formatted(
                    name,
                    Nearest.of(name, labels)
                        .map(near -> " (did you mean '" + near + "'?)")
                        .orElse(": " + String.join("; ", labels))));
      }
    }
    return run -> only.isEmpty() || only.contains(run.label());
  }
}
