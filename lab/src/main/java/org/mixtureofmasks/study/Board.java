package org.mixtureofmasks.study;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.train.RunFolder;

/** board.json: every finished run as one line of ratios to the dense model, 1 for nothing lost. */
final class Board {
  private Board() {}

  /**
   * @param out folder of the study, which paths are relative to
   */
  static ObjectNode json(List<RunResult> results, Path out) {
    ObjectNode json = Json.object();
    ArrayNode rows = json.putArray("rows");
    results.stream()
        .filter(result -> result.status() == RunResult.Status.DONE)
        .forEach(result -> row(rows.addObject(), result, out));
    return json;
  }

  private static void row(ObjectNode row, RunResult result, Path out) {
    PlannedRun run = result.run();
    BesideDense beside = result.beside();
    row.put("name", run.label());
    row.put("method", run.method());
    result.describeOptions(row.putObject("options"));
    row.put("seed", run.seed());
    row.put("target", run.target());
    row.put(
        "share_all_in",
        Json.number(result.figures().map(f -> f.measured().allIn()).orElse(Double.NaN)));
    row.put("recovery_tokens", run.tokens());
    row.put("wikitext_over_dense", Json.number(beside.wikiTextOverDense()));
    beside.tasks().orElse(TaskFigures.NONE).describeRetention(row);
    row.put("decode_over_dense", Json.number(beside.decode()));
    Path recipe = new RunFolder(StudyFolder.run(out, run)).recipe();
    row.put("recipe", out.relativize(recipe).toString().replace('\\', '/'));
  }
}
