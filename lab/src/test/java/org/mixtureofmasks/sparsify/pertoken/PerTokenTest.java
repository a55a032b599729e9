package org.mixtureofmasks.sparsify.pertoken;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.train.FinishedRun;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;

class PerTokenTest {
  @TempDir Path folder;

  private UserError refused(String... overrides) throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Path out = tiny.path("run");
    UserError error =
        assertThrows(
            UserError.class,
            () ->
                Trainer.begin(
                    tiny.recipe("per_token", "", overrides), out, TrainingListener.SILENT));
    assertEquals(UserError.USAGE, error.exitCode());
    assertFalse(Files.exists(out), "nothing is written");
    return error;
  }

  @Test
  void trainingIsRefused() throws IOException {
    String message =
        "the method per_token trains nothing, it only evaluates: give --steps 0 or train.steps: 0";
    assertEquals(message, refused("train.steps=3").getMessage());
  }

  @Test
  void withoutRowsToEvaluateOnThereIsNoResult() throws IOException {
    String message = refused("train.steps=0", "evaluate.rows=[]").getMessage();
    assertTrue(message.endsWith("name files under evaluate.rows"), message);
  }

  private JsonNode result(String rule) throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Path run = tiny.path(rule);
    try (Trainer trainer =
        Trainer.begin(
            tiny.recipe("per_token", "per_token: {rule: " + rule + "}\n", "train.steps=0"),
            run,
            TrainingListener.SILENT)) {
      trainer.train();
    }
    assertTrue(FinishedRun.open(run).method().onlyEvaluates().isPresent());
    List<String> lines = Files.readAllLines(run.resolve("metrics.jsonl"));
    assertEquals(1, lines.size());
    return new ObjectMapper().readTree(lines.getFirst());
  }

  @Test
  void theResultIsTheLossAndTheShareThatWasUsed() throws IOException {
    JsonNode oracle = result("oracle");
    assertTrue(oracle.get("validation_loss").isNumber());
    assertEquals(0.5, oracle.get("active_ffn_share_measured").asDouble(), 1e-9);
    JsonNode cats = result("cats");
    double kept = cats.get("kept_share").asDouble();
    assertEquals(0.5, kept, 0.1); // thresholds come from other rows
    assertEquals((1 + 2 * kept) / 3, cats.get("active_ffn_share_measured").asDouble(), 1e-6);
    assertEquals(0.5, result("wina").get("kept_share").asDouble(), 1e-9);
  }
}
