package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.demo.DemoFiles;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.train.TinyRun;
import picocli.CommandLine;

/** {@code mom sparsify MODEL --text FILE}: no recipe, a verdict at the end. */
class OwnModelTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int call(Object... arguments) {
    List<String> all = new ArrayList<>();
    for (Object argument : arguments) {
      all.add(argument.toString());
    }
    return new CommandLine(new Sparsify())
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .setExecutionExceptionHandler(
            (e, command, _) -> {
              command.getErr().println(e.getMessage());
              return e instanceof UserError known ? known.exitCode() : 99;
            })
        .execute(all.toArray(String[]::new));
  }

  private Path text(int lines) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < lines; i++) {
      text.append("It was on a day in the year ").append(1500 + i % 400);
      text.append(" that the ").append(i % 7 == 0 ? "king" : "ship").append(" came home.\n");
    }
    return Files.writeString(folder.resolve("my text.md"), text);
  }

  @Test
  void oneLineMakesAJudgedSparseModel() throws IOException {
    DemoFiles demo = DemoFiles.writeTo(folder.resolve("demo"));
    Path run = folder.resolve("run");
    assertEquals(
        0, call(demo.dense(), "--text", text(900), "--share", "60%", "--out", run), err.toString());
    JsonNode verdict = Json.parse(Files.readString(run.resolve("verdict.json")));
    double dense = verdict.at("/dense/perplexity").asDouble();
    double sparse = verdict.at("/sparse/perplexity").asDouble();
    assertTrue(dense > 1 && sparse > 1 && sparse != dense, dense + " and " + sparse);
    assertEquals(sparse / dense, verdict.path("perplexity_over_dense").asDouble(), 1e-6 * sparse);
    assertEquals(0.6, verdict.at("/sparse/share_all_in_measured").asDouble(), 0.02);
    assertEquals(2, verdict.path("prompts").size());
    assertTrue(Files.readString(run.resolve("report.html")).contains("Dense beside sparse"));
    assertTrue(Files.exists(run.resolve("inputs/recipe.yaml")), "what was chosen is kept");
    String said = out.toString();
    assertTrue(said.contains("perplexity on held-out text"), said);
    assertTrue(said.contains("mom generate %s/model --prompt".formatted(run)), said);
  }

  @Test
  void aBudgetInTokensIsPlannedAndADryRunLeavesNothing() throws IOException {
    DemoFiles demo = DemoFiles.writeTo(folder.resolve("demo"));
    Path run = folder.resolve("run");
    assertEquals(
        0,
        call(
            demo.dense(),
            "--text",
            text(900),
            "--budget",
            "65k-tokens",
            "--out",
            run,
            "--dry-run",
            "--json"),
        err.toString());
    JsonNode json = Json.parse(out.toString());
    assertEquals(63, json.path("steps").asInt());
    assertEquals(63 * 1024, json.path("tokens").asInt());
    assertTrue(json.path("seconds").asDouble() > 0, json.toString());
    assertFalse(Files.exists(run));
  }

  @Test
  void whatCannotBeginLeavesNothingAndSaysWhy() throws IOException {
    Path model = new TinyRun(folder).path("model");
    Path run = folder.resolve("run");
    assertEquals(UserError.USAGE, call(model, "--out", run));
    assertTrue(err.toString().contains("is a model: say what it is to learn from"), err.toString());
    assertEquals(UserError.USAGE, call(model, "--text", text(9), "--share", "0", "--out", run));
    assertTrue(err.toString().contains("--share 0: it must be above 0"), err.toString());
    assertEquals(UserError.USAGE, call(model, "--text", text(9), "--budget", "soon", "--out", run));
    assertTrue(err.toString().contains("--budget soon is neither a time"), err.toString());
    assertEquals(UserError.USAGE, call(model, "--text", text(9), "--out", run));
    assertTrue(err.toString().contains("too few to learn from some"), err.toString());
    assertFalse(Files.exists(run));
    Files.createDirectories(run.resolve("something"));
    assertEquals(UserError.FAILED, call(model, "--text", text(900), "--out", run));
    assertTrue(err.toString().contains("is not empty"), err.toString());
    assertTrue(Files.exists(run.resolve("something")), "it was there before");
  }

  @Test
  void optionsOfAModelAreRefusedWithARecipeAndTheOtherWayRound() throws IOException {
    Path model = new TinyRun(folder).path("model");
    Path run = folder.resolve("run");
    Path recipe = Files.writeString(folder.resolve("r.yaml"), "method: dense\n");
    assertEquals(UserError.USAGE, call(recipe, "--budget", "2h", "--out", run));
    assertTrue(err.toString().contains("go with a model"), err.toString());
    assertEquals(UserError.USAGE, call(model, "--text", text(900), "--steps", "1", "--out", run));
    assertTrue(err.toString().contains("go with a recipe"), err.toString());
  }
}
