package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.study.Plan;
import org.mixtureofmasks.study.PlannedRun;
import org.mixtureofmasks.study.StudyReader;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;

/** Whole studies of a tiny model; one test trains, in JVMs of their own as users' runs are. */
class StudyVerbTest {
  private static final String HEAD =
      """
      question: Does it work?
      recipe: recipe.yaml
      threads: 1
      parallel: 2
      runs:
        - {name: dense, method: dense, reference: true}
      """;

  @TempDir Path folder;
  private Path study;
  private Path out;
  private StudyCall said;

  @BeforeEach
  void makeTheModel() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    tiny.recipe("dense", "", "train.steps=20"); // writes recipe.yaml
    study = tiny.path("study.yaml");
    out = tiny.path("out");
  }

  private int call(String... more) {
    said = StudyCall.of(study, out, more);
    return said.exit();
  }

  /** What a study leaves that was stopped within its first run. */
  private Path beginTheDenseRun() throws IOException {
    PlannedRun dense = Plan.of(StudyReader.read(study)).runs().getFirst();
    Path run = out.resolve("runs").resolve(dense.name());
    try (Trainer trainer = Trainer.begin(dense.recipe(), run, TrainingListener.SILENT)) {
      trainer.train(7);
    }
    return run;
  }

  @Test
  void runsAreResumedAndMeasuredByWhatShipsAFailureStopsNoOtherAndNothingRunsTwice()
      throws IOException {
    Files.writeString(
        study,
        HEAD
            + """
              - name: masks
                method: mixture_of_masks
                set: {masks.experts: 3, masks.calibration_tokens: 64}
              - name: the same again
                method: mixture_of_masks
                set: {masks.calibration_tokens: 64, masks.experts: 3}
              - name: too much balance
                method: mixture_of_masks
                set: {masks.experts: 3, masks.calibration_tokens: 64, masks.balance: 1e300}
              - name: reference per token
                method: per_token
                set: {train.steps: 0, per_token.calibration_tokens: 64}
            """);
    Path interrupted = beginTheDenseRun();
    assertEquals(1, call("--json"), said.err());
    String log = Files.readString(Path.of(interrupted + ".log"));
    assertTrue(log.contains("resumed from " + interrupted.resolve("step-000007")), log);
    JsonNode runs = said.json().get("runs");
    assertEquals(said.json(), new ObjectMapper().readTree(out.resolve("study.json").toFile()));
    assertEquals(5, runs.size());
    JsonNode dense = runs.get(0);
    JsonNode masks = runs.get(1);
    assertEquals("done", dense.get("status").asText());
    assertEquals(1, dense.get("active_ffn_share_measured").asDouble());
    assertEquals(0, dense.get("perplexity_over_reference").asDouble(), 1e-12);
    assertEquals("engine", masks.get("judged_by").asText());
    assertEquals(0.5, masks.get("active_ffn_share").asDouble(), 1e-9);
    assertEquals(0.5, masks.get("active_ffn_share_measured").asDouble(), 1e-9);
    assertEquals(3 * 16 / (3.0 * 16 * 24), masks.get("router_share").asDouble(), 1e-12);
    assertEquals(1, dense.get("share_all_in").asDouble());
    assertTrue(masks.get("share_all_in_measured").asDouble() > 0.5, "the router counts");
    assertEquals(3, masks.get("options").get("masks.experts").asInt());
    assertEquals(960, masks.get("tokens").asLong());
    double loss = masks.get("valid_loss").asDouble();
    assertEquals(masks.get("trainer_valid_loss").asDouble(), loss, 0.02, "bf16 against fp32");
    assertEquals(Math.exp(loss), masks.get("perplexity").asDouble(), 1e-9);
    assertTrue(loss < masks.get("one_shot_loss").asDouble(), "it has learned something");
    assertEquals(masks.get("recipe_hash"), runs.get(2).get("recipe_hash"));
    assertEquals(masks.get("valid_loss"), runs.get(2).get("valid_loss"));
    assertEquals("failed", runs.get(3).get("status").asText());
    assertTrue(runs.get(3).get("reason").asText().startsWith("the loss is "), runs.toString());
    assertEquals("trainer", runs.get(4).get("judged_by").asText(), "it ships nothing");
    assertEquals(runs.get(4).get("one_shot_loss"), runs.get(4).get("valid_loss"));
    String tables = Files.readString(out.resolve("study.md"));
    assertTrue(tables.contains("| too much balance | 1 | the loss is "), tables);
    assertTrue(tables.contains("| reference per token (training-free) (by the trainer) |"), tables);
    assertEquals(6, Files.readAllLines(out.resolve("study.csv")).size());
    assertTrue(Files.readString(out.resolve("study.html")).contains("<figure>"));
    assertTrue(said.err().contains("0 of 4 runs  now "), said.err());

    Path metrics = out.resolve(masks.get("folder").asText()).resolve("metrics.jsonl");
    var written = Files.getLastModifiedTime(metrics);
    assertEquals(0, call("--only", "masks", "--only", "dense", "--only", "reference per token"));
    assertFalse(said.err().contains("  now "), "nothing was to be run: " + said.err());
    assertEquals(written, Files.getLastModifiedTime(metrics));
    assertEquals(0, call("--dry-run", "--json", "--only", "dense"), said.err());
    assertEquals("done", said.json().get("runs").get(0).get("state").asText());
  }

  @Test
  void aDryRunListsTheRunsAndWritesNothing() throws IOException {
    Files.writeString(study, HEAD);
    assertEquals(0, call("--dry-run", "--json"), said.err());
    JsonNode run = said.json().get("runs").get(0);
    assertEquals("to run", run.get("state").asText());
    assertTrue(run.get("seconds").asDouble() > 0);
    assertFalse(Files.exists(out));
  }

  @Test
  void aNameThatIsNotInTheStudyIsRefused() throws IOException {
    Files.writeString(study, HEAD);
    assertEquals(2, call("--only", "dens"));
    assertTrue(said.err().contains("(did you mean 'dense'?)"), said.err());
    assertFalse(Files.exists(out));
  }
}
