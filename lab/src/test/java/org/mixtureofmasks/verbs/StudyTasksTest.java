package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.study.Plan;
import org.mixtureofmasks.study.StudyReader;
import org.mixtureofmasks.study.TinyTasks;
import org.mixtureofmasks.train.TinyRun;

/** Studies that judge by tasks and texts, of runs that lie there trained. */
class StudyTasksTest {
  @TempDir Path folder;
  private Path study;
  private Path out;
  private Path run;

  /** A study of a dense run that was not done yet and one of masks that was, before the tasks. */
  @BeforeEach
  void makeATrainedRun() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    tiny.recipe("dense", "", "train.steps=20"); // writes recipe.yaml
    new TinyTasks(folder);
    out = folder.resolve("out");
    study =
        Files.writeString(
            folder.resolve("study.yaml"),
            """
            question: Does it keep what the dense model knows?
            recipe: recipe.yaml
            threads: 1
            parallel: 2
            tasks:
              names: [boolq@9, piqa]
              data: data
            texts: [wiki.txt]
            bench: true
            runs:
              - {name: dense, method: dense, reference: true}
              - name: masks
                method: mixture_of_masks
                set: {masks.experts: 3, masks.calibration_tokens: 64}
            """);
    run = out.resolve("runs").resolve(Plan.of(StudyReader.read(study)).runs().getLast().name());
    Path model = Files.createDirectories(run.resolve("model"));
    for (String file : List.of("config.json", "tokenizer.json")) {
      Files.copy(folder.resolve("model").resolve(file), model.resolve(file));
    }
    TestModels.save(TestModels.random(TestModels.tinyConfig(24), 8, Precision.FP32), model);
    Files.writeString(run.resolve("metrics.jsonl"), "");
    Files.writeString(run.resolve("recipe.resolved.yaml"), "");
    Files.writeString(
        run.resolve("judged.json"),
        """
        {"judged_by": "engine", "share_all_in_measured": 0.52, "active_ffn_share_measured": 0.5,
         "valid_loss": 3.5}
        """);
  }

  private static JsonNode read(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  @Test
  void aTrainedRunIsPutToTheTasksAloneOnceAndStandsBesideTheDenseModelWhichIsAskedOnce()
      throws IOException {
    JsonNode forecast = StudyCall.of(study, out, "--dry-run", "--json", "--only", "masks").json();
    assertEquals("to judge", forecast.at("/runs/1/state").asText());
    Path tokenizer = run.resolve("model/tokenizer.json");
    Files.delete(tokenizer);
    StudyCall failed = StudyCall.of(study, out, "--only", "masks", "--json");
    assertEquals(1, failed.exit());
    assertEquals("failed", failed.json().at("/runs/1/status").asText());
    assertTrue(failed.json().at("/runs/1/reason").asText().contains("tokenizer"), failed.printed());
    assertEquals(0, read(out.resolve("board.json")).get("rows").size());

    Files.copy(folder.resolve("model/tokenizer.json"), tokenizer);
    StudyCall said = StudyCall.of(study, out, "--only", "masks", "--json");
    assertEquals(0, said.exit(), said.err() + Files.readString(Path.of(run + ".log")));
    JsonNode json = said.json();
    JsonNode masks = json.at("/runs/1");
    assertEquals("done", masks.get("status").asText());
    assertEquals(3.5, masks.get("valid_loss").asDouble(), "what was measured before stays");
    assertEquals("acc", masks.at("/tasks/boolq/metric").asText());
    double boolq = masks.at("/tasks/boolq/value").asDouble();
    assertEquals(Math.rint(9 * boolq), 9 * boolq, 1e-9, "nine documents of BoolQ");
    double piqa = masks.at("/tasks/piqa/value").asDouble();
    assertEquals(Math.rint(12 * piqa), 12 * piqa, 1e-9, "all twelve of PIQA");
    assertEquals((boolq + piqa) / 2, masks.get("task_average").asDouble(), 1e-12);
    JsonNode dense = json.get("dense");
    double before = dense.get("task_average").asDouble();
    assertEquals(dense.at("/tasks/boolq/value"), masks.at("/tasks/boolq/dense"));
    assertEquals((boolq + piqa) / 2 / before, masks.get("task_retention").asDouble(), 1e-12);
    assertEquals(1, dense.get("task_retention").asDouble());
    assertEquals(
        piqa / masks.at("/tasks/piqa/dense").asDouble(),
        masks.get("task_retention_without_boolq").asDouble(),
        1e-12);
    double over = masks.at("/texts/wiki.txt/over_dense").asDouble();
    assertEquals(
        masks.at("/texts/wiki.txt/perplexity").asDouble()
            / dense.at("/texts/wiki.txt/perplexity").asDouble(),
        over,
        1e-12);
    JsonNode rows = read(out.resolve("board.json")).get("rows");
    assertEquals(1, rows.size(), "the dense run is not done");
    JsonNode row = rows.get(0);
    assertEquals(0.52, row.get("share_all_in").asDouble());
    assertEquals(over, row.get("wikitext_over_dense").asDouble());
    assertEquals(masks.get("task_retention"), row.get("task_retention"));
    assertEquals(960, row.get("recovery_tokens").asLong());
    assertEquals(3, row.at("/options/masks.experts").asInt());
    assertTrue(row.get("decode_over_dense").asDouble() > 0, row.toString());
    assertEquals(row.get("decode_over_dense"), masks.get("decode_over_dense"));
    assertTrue(Files.exists(out.resolve(row.get("recipe").asText())), row.toString());
    String tables = Files.readString(out.resolve("study.md"));
    assertTrue(tables.contains("| the dense model as it is |"), tables);
    assertTrue(tables.contains("| run | FFN asked for | boolq | piqa | average |"), tables);
    assertTrue(tables.contains("| run | FFN asked for | wiki.txt |"), tables);

    String log = Files.readString(Path.of(run + ".log"));
    String denseLog = Files.readString(out.resolve("runs/dense.log"));
    assertEquals(0, StudyCall.of(study, out, "--only", "masks").exit());
    assertEquals(log, Files.readString(Path.of(run + ".log")), "nothing was asked again");
    assertEquals(denseLog, Files.readString(out.resolve("runs/dense.log")));
    assertEquals(rows, read(out.resolve("board.json")).get("rows"), "nor timed");
    JsonNode again = StudyCall.of(study, out, "--dry-run", "--json", "--only", "masks").json();
    assertEquals("done", again.at("/runs/1/state").asText());
  }
}
