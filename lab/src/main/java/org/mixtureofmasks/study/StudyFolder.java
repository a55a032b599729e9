package org.mixtureofmasks.study;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.StrictJson;
import org.mixtureofmasks.train.Csv;

/**
 * Where a study lies: runs/HASH with runs/HASH.log for each run, runs/dense for what the dense
 * model is asked; study.json, .csv, .md and .html, and board.json where tasks, texts or speed are
 * asked for, written anew, whole or not at all, whenever a run has finished.
 */
final class StudyFolder {
  private static final int FORMAT = 1;
  private static final List<String> COLUMNS =
      List.of(
          "name",
          "method",
          "target",
          "seed",
          "tokens",
          "status",
          "active_ffn_share",
          "active_ffn_share_measured",
          "share_all_in",
          "share_all_in_measured",
          "router_share",
          "one_shot_loss",
          "valid_loss",
          "perplexity",
          "perplexity_over_reference",
          "task_average",
          "task_retention",
          "task_retention_without_boolq",
          "task_retention_above_chance",
          "decode_over_dense",
          "bytes",
          "seconds",
          "judged_by",
          "recipe_hash",
          "reason");

  private StudyFolder() {}

  static Path run(Path out, PlannedRun run) {
    return out.resolve("runs").resolve(run.name());
  }

  static Path log(Path out, PlannedRun run) {
    return out.resolve("runs").resolve(run.name() + ".log");
  }

  /** What the dense model was asked; no run is called so. */
  static Path dense(Path out) {
    return out.resolve("runs").resolve("dense");
  }

  static Path denseLog(Path out) {
    return out.resolve("runs").resolve("dense.log");
  }

  /**
   * Refuses a folder whose runs cannot be compared with new ones.
   *
   * @throws UserError if the dense model or the number of threads has changed since
   */
  static void requireSame(Plan plan, Path out) {
    Path file = out.resolve("study.json");
    if (!Files.exists(file)) {
      return;
    }
    ObjectNode before = StrictJson.readObject(file, Long.MAX_VALUE);
    if (!before.path("parent").asText().equals(plan.parent())) {
      throw new UserError(
          ("%s: the dense model %s was changed since the runs of %s: set it back, or give"
                  + " --out a new folder")
              .formatted(plan.study().file(), plan.model(), out));
    }
    int threads = before.path("threads").asInt();
    if (threads != plan.study().threads()) {
      throw new UserError(
          ("%s: the runs of %s had %s threads each, now they would have %s, which changes"
                  + " the bits: set 'threads: %s', or give --out a new folder")
              .formatted(plan.study().file(), out, threads, plan.study().threads(), threads));
    }
  }

  static ObjectNode json(Plan plan, List<RunResult> results, BesideDense dense, String command) {
    ObjectNode json = Json.object();
    json.put("format_version", FORMAT);
    json.put("question", plan.study().question());
    json.put("command", command);
    json.put("model", nearby(plan.model()).toString());
    json.put("parent", plan.parent());
    json.put("threads", plan.study().threads());
    if (plan.study().judgement().reads()) {
      dense.describe(json.putObject("dense"));
    }
    Comparison comparison = Comparison.of(results);
    ArrayNode runs = json.putArray("runs");
    for (RunResult result : results) {
      ObjectNode run = runs.addObject();
      result.describe(run);
      result
          .figures()
          .ifPresent(
              f ->
                  run.put(
                      "perplexity_over_reference",
                      Json.number(
                          Math.exp(f.validLoss() - comparison.referenceLoss(result.run())) - 1)));
    }
    return json;
  }

  /** Relative to where the command was given, if it lies below: files that travel name no home. */
  private static Path nearby(Path path) {
    Path here = Path.of("").toAbsolutePath();
    Path whole = path.toAbsolutePath().normalize();
    return whole.startsWith(here) ? here.relativize(whole) : whole;
  }

  /** Writes the four files. */
  static void write(
      Plan plan, List<RunResult> results, BesideDense dense, String command, Path out) {
    ObjectNode json = json(plan, results, dense, command);
    AtomicFiles.writeString(out.resolve("study.json"), Json.pretty(json) + "\n");
    AtomicFiles.writeString(out.resolve("study.csv"), csv(json));
    AtomicFiles.writeString(out.resolve("study.md"), markdown(plan, results, dense, command));
    AtomicFiles.writeString(
        out.resolve("study.html"), new Report(plan, results, dense, out).html(command));
    if (plan.study().judgement().any()) {
      AtomicFiles.writeString(
          out.resolve("board.json"), Json.pretty(Board.json(results, out)) + "\n");
    }
  }

  /** One line a run; the options in one column, as {@code key=value} separated by spaces. */
  private static String csv(ObjectNode json) {
    StringBuilder s = new StringBuilder(String.join(",", COLUMNS)).append(",options\n");
    for (var run : json.get("runs")) {
      String options =
          run.get("options").properties().stream()
              .map(e -> e.getKey() + "=" + e.getValue().asText())
              .collect(Collectors.joining(" "));
      s.append(
              Stream.concat(COLUMNS.stream().map(c -> run.path(c).asText("")), Stream.of(options))
                  .map(Csv::cell)
                  .collect(Collectors.joining(",")))
          .append('\n');
    }
    return s.toString();
  }

  /** The tables, to be put into a README. */
  static String markdown(Plan plan, List<RunResult> results, BesideDense dense, String command) {
    Comparison comparison = Comparison.of(results);
    StringBuilder s = new StringBuilder("# ").append(plan.study().question()).append("\n");
    s.append('`').append(command).append("`\n");
    if (!comparison.groups().isEmpty()) {
      s.append('\n').append(Report.byTargetNote(plan, comparison)).append("\n\n");
      s.append(Tables.byTarget(comparison).markdown());
      s.append('\n').append(Report.BY_COST_NOTE).append("\n\n");
      s.append(Tables.byCost(comparison).markdown());
    }
    for (TaskTables.Noted table : new TaskTables(comparison, dense).all()) {
      s.append('\n').append(table.note()).append("\n\n").append(table.grid().markdown());
    }
    List<RunResult> failed =
        results.stream().filter(r -> r.status() == RunResult.Status.FAILED).toList();
    if (!failed.isEmpty()) {
      s.append("\nFailed:\n\n").append(Tables.failures(failed).markdown());
    }
    return s.toString();
  }
}
