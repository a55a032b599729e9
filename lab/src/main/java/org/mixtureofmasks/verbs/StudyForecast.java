package org.mixtureofmasks.verbs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.mixtureofmasks.cli.Table;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.ledger.Ledger;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.study.Plan;
import org.mixtureofmasks.study.PlannedRun;
import org.mixtureofmasks.study.StudyRunner;
import org.mixtureofmasks.train.RunForecast;
import org.mixtureofmasks.train.RunForecast.Timing;

/**
 * What a study would run and what that would take, by the forecast of each kind of run; tasks,
 * texts and timing are not in it.
 *
 * @param lines one for each run of the plan
 * @param seconds of all that is left, runs side by side; NaN when memory is too short to try
 * @param memoryBytes of the fullest runs that can go on side by side
 * @param diskBytes of all that is left
 */
record StudyForecast(List<Line> lines, double seconds, long memoryBytes, long diskBytes) {
  private static final String TO_RUN = "to run";

  /**
   * @param state "to run", "to judge" (trained, but not asked all that the study asks), "done", "as
   *     above" (another row asks for it too) or "not chosen"
   * @param ledger what the run takes; empty unless it is to run
   */
  record Line(PlannedRun run, String state, Optional<Ledger> ledger) {
    double seconds() {
      return ledger.map(Ledger::seconds).orElse(0.0);
    }

    long memoryBytes() {
      return ledger.map(Ledger::memoryBytes).orElse(0L);
    }
  }

  StudyForecast {
    lines = List.copyOf(lines);
  }

  /**
   * @param out where the study writes
   * @param progress hears the runs that are forecast
   */
  static StudyForecast of(
      Plan plan, StudyRunner runner, Predicate<PlannedRun> chosen, Path out, Progress progress) {
    progress.begin("forecasting memory and time", "runs");
    Map<List<Object>, Ledger> forecasts = new HashMap<>();
    Set<String> seen = new HashSet<>();
    List<Line> lines = new ArrayList<>();
    for (PlannedRun run : plan.runs()) {
      String state =
          runner.done(run)
              ? "done"
              : !chosen.test(run)
                  ? "not chosen"
                  : !seen.add(run.hash()) ? "as above" : runner.trained(run) ? "to judge" : TO_RUN;
      Optional<Ledger> ledger =
          state.equals(TO_RUN)
              ? Optional.of(
                  forecasts.computeIfAbsent(
                      kind(run), _ -> RunForecast.of(run.recipe(), out, Timing.ALWAYS).ledger()))
              : Optional.empty();
      lines.add(new Line(run, state, ledger));
      progress.at(lines.size(), plan.runs().size());
    }
    int parallel = plan.study().parallel();
    return new StudyForecast(
        lines,
        lines.stream().mapToDouble(Line::seconds).sum() / parallel,
        lines.stream()
            .mapToLong(Line::memoryBytes)
            .map(bytes -> -bytes)
            .sorted()
            .limit(parallel)
            .map(bytes -> -bytes)
            .sum(),
        lines.stream().flatMap(line -> line.ledger().stream()).mapToLong(Ledger::diskBytes).sum());
  }

  /** Runs of one kind take the same: they differ in seed and share at most. */
  private static List<Object> kind(PlannedRun run) {
    return List.of(run.label(), run.tokens());
  }

  ObjectNode json() {
    ObjectNode json = Json.object();
    ArrayNode runs = json.putArray("runs");
    for (Line line : lines) {
      runs.addObject()
          .put("name", line.run.label())
          .put("seed", line.run.seed())
          .put("target", line.run.target())
          .put("tokens", line.run.tokens())
          .put("recipe_hash", line.run.hash())
          .put("folder", "runs/" + line.run.name())
          .put("state", line.state)
          .put("seconds", Json.number(line.seconds()))
          .put("memory_bytes", line.memoryBytes());
    }
    json.put("seconds", Json.number(seconds));
    json.put("memory_bytes", memoryBytes);
    json.put("disk_bytes", diskBytes);
    return json;
  }

  String text() {
    Table table =
        new Table().row("run", "seed", "FFN", "tokens", "folder", "state", "time", "memory");
    for (Line line : lines) {
      table.row(
          line.run.label(),
          Integer.toString(line.run.seed()),
          Table.percent(line.run.target(), 1),
          Long.toString(line.run.tokens()),
          "runs/" + line.run.name(),
          line.state,
          line.ledger.map(l -> LedgerTables.time(l.seconds())).orElse(""),
          line.ledger.map(l -> Machine.gigabytes(l.memoryBytes())).orElse(""));
    }
    return String.join(
        System.lineSeparator(),
        table.toString(),
        "All that is to run: about %s, %s of memory and %s of disk at most, beside the tasks and texts that the study may ask. Nothing was written."
            .formatted(
                LedgerTables.time(seconds),
                Machine.gigabytes(memoryBytes),
                Machine.gigabytes(diskBytes)));
  }
}
