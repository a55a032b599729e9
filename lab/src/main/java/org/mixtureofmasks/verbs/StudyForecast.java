package org.mixtureofmasks.verbs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.mixtureofmasks.cli.Table;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.sparsify.MethodProvider;
import org.mixtureofmasks.study.Plan;
import org.mixtureofmasks.study.PlannedRun;
import org.mixtureofmasks.study.StudyRunner;
import org.mixtureofmasks.train.Estimate;
import org.mixtureofmasks.train.Methods;

/**
 * What a study would run and how long that would take: training steps only, measured on one
 * micro-batch of each kind of run.
 *
 * @param lines one for each run of the plan
 * @param seconds of all that is left, runs side by side; NaN when memory is too short to try
 */
record StudyForecast(List<Line> lines, double seconds) {
  private static final String TO_RUN = "to run";

  /**
   * @param state "to run", "done", "as above" (another row asks for it too) or "not chosen"
   * @param seconds 0 unless it is to run
   */
  record Line(PlannedRun run, String state, double seconds) {}

  StudyForecast {
    lines = List.copyOf(lines);
  }

  static StudyForecast of(Plan plan, StudyRunner runner, Predicate<PlannedRun> chosen) {
    Map<List<Object>, Double> measured = new HashMap<>();
    Set<String> seen = new HashSet<>();
    List<Line> lines = new ArrayList<>();
    double sum = 0;
    for (PlannedRun run : plan.runs()) {
      String state =
          runner.done(run)
              ? "done"
              : !chosen.test(run) ? "not chosen" : seen.add(run.hash()) ? TO_RUN : "as above";
      double seconds =
          state.equals(TO_RUN) ? measured.computeIfAbsent(kind(run), _ -> seconds(run)) : 0;
      lines.add(new Line(run, state, seconds));
      sum += seconds;
    }
    return new StudyForecast(lines, sum / plan.study().parallel());
  }

  /** All that {@link Estimate} makes of a recipe's method and length. */
  private static List<Object> kind(PlannedRun run) {
    MethodProvider provider = Methods.provider(run.recipe());
    return List.of(
        run.method(),
        run.tokens(),
        provider.distillation(run.recipe()) > 0,
        provider.trainsWeights(run.recipe()));
  }

  private static double seconds(PlannedRun run) {
    Estimate estimate = Estimate.of(run.recipe());
    return estimate.steps() * estimate.secondsPerStep();
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
          .put("seconds", Json.number(line.seconds));
    }
    json.put("seconds", Json.number(seconds));
    return json;
  }

  String text() {
    Table table = new Table().row("run", "seed", "FFN", "tokens", "folder", "state", "time");
    for (Line line : lines) {
      table.row(
          line.run.label(),
          Integer.toString(line.run.seed()),
          Table.percent(line.run.target(), 1),
          Long.toString(line.run.tokens()),
          "runs/" + line.run.name(),
          line.state,
          line.state.equals(TO_RUN) ? time(line.seconds) : "");
    }
    return String.join(
        System.lineSeparator(),
        table.toString(),
        "All that is to run: about " + time(seconds) + " of training steps. Nothing was written.");
  }

  private static String time(double seconds) {
    return Double.isNaN(seconds) ? "more memory than is free" : ProgressLines.duration(seconds);
  }
}
