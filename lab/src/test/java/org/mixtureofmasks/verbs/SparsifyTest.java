package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.cli.Main;
import org.mixtureofmasks.compile.RunModel;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.train.FinishedRun;
import org.mixtureofmasks.train.Methods;
import org.mixtureofmasks.train.RunForecast;
import org.mixtureofmasks.train.RunForecast.Timing;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;
import picocli.CommandLine;

/** The verbs as a user meets them, on a tiny model. */
class SparsifyTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path recipe;
  private Path run;

  @BeforeEach
  void makeTheModel() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    tiny.recipe("mixture_of_masks", "masks: {experts: 3, calibration_tokens: 64}\n");
    recipe = tiny.path("recipe.yaml");
    run = tiny.path("run");
  }

  /** Without a verdict, which takes seconds and has tests of its own. */
  private JsonNode call(Object verb, String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--no-verdict");
    int exit =
        new CommandLine(verb)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(all.toArray(String[]::new));
    assertEquals(0, exit, err.toString());
    assertEquals(1, out.toString().lines().count(), out.toString());
    return new ObjectMapper().readTree(out.toString());
  }

  @Test
  void aRunEndsWithASparseModelThatTheEngineReads() throws IOException {
    JsonNode json =
        call(
            new Sparsify(),
            recipe.toString(),
            "--out",
            run.toString(),
            "--json",
            "--set",
            "train.steps=4");
    assertEquals(4, json.get("steps").asInt());
    assertEquals(0.5, json.get("active_ffn_share").asDouble(), 1e-9);
    assertTrue(
        json.get("validation_loss").asDouble() < json.get("validation_loss_before").asDouble());
    Path model = run.resolve("model");
    assertEquals(Files.size(model.resolve("model.safetensors")), json.get("bytes").asLong());
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      assertEquals(3, ConfigReader.read(checkpoint).mixtureOfMasks().orElseThrow().experts());
    }
    assertTrue(Files.exists(run.resolve("masks.safetensors")));
    assertTrue(err.toString().contains("training: 4 of 4 steps  loss"), err.toString());
  }

  @Test
  void withoutStepsItIsTrainingFreeAndResumeSaysTheModelIsThere() throws IOException {
    JsonNode made =
        call(new Sparsify(), recipe.toString(), "--out", run.toString(), "--json", "--steps", "0");
    assertEquals(0, made.get("steps").asInt());
    out.getBuffer().setLength(0);
    JsonNode resumed = call(new Resume(), run.toString(), "--json");
    assertTrue(err.toString().contains("the model is there already"), err.toString());
    JsonNode memory = resumed.at("/forecast/memory_bytes");
    assertTrue(memory.path("predicted").asLong() > 0 && memory.path("measured").asLong() > 0);
  }

  @Test
  void aShortRunIsNotTimedBeforehandAndALongOneOnlyIfNotAskedToLeaveIt() throws IOException {
    String tokens = "masks.calibration_tokens=64";
    JsonNode brief =
        call(new Sparsify(), recipe.toString(), "--out", run.toString(), "--json", "--set", tokens);
    assertTrue(brief.at("/forecast/seconds/predicted").isNull(), brief.toString());
    assertTrue(brief.at("/forecast/seconds/measured").asDouble() > 0);
    Recipe longer = Methods.read(recipe, List.of("train.steps=1000000"));
    assertTrue(seconds(longer, Timing.OF_LONG_RUNS) > 0);
    assertTrue(Double.isNaN(seconds(longer, Timing.NEVER)));
  }

  private double seconds(Recipe recipe, Timing timing) {
    return RunForecast.of(recipe, folder.resolve("new"), timing).ledger().seconds();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aSignalEndsARunAfterItsStepAndSaysHowToGoOn() throws Exception {
    Path log = folder.resolve("log");
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.addAll(List.of(System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("sparsify", recipe.toString(), "--out", run.toString()));
    command.addAll(List.of("--steps", "1000000"));
    Process child =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    Path metrics = run.resolve("metrics.jsonl");
    while (child.isAlive() && (!Files.exists(metrics) || Files.size(metrics) < 4096)) {
      Thread.sleep(20);
    }
    child.destroy();
    assertEquals(128 + 15, child.waitFor(), Files.readString(log));
    String said = Files.readString(log);
    assertTrue(
        said.matches("(?s).*\\R(finishing step \\d+|finishing the).*; again to stop now.*"), said);
    assertTrue(said.contains("stopped and saved: go on with 'mom resume " + run + "'"), said);
    assertTrue(FinishedRun.open(run).steps() > 0);
  }

  @Test
  void aDenseRunEndsWithADenseModel() throws IOException {
    Files.writeString(
        recipe,
        Files.readString(recipe)
            .replace("method: mixture_of_masks", "method: dense")
            .replaceAll("masks: .*\n", ""));
    call(new Sparsify(), recipe.toString(), "--out", run.toString(), "--json", "--steps", "2");
    try (Checkpoint checkpoint = Checkpoints.open(run.resolve("model"))) {
      assertTrue(ConfigReader.read(checkpoint).mixtureOfMasks().isEmpty());
    }
  }

  @Test
  void aReferenceOfQualitySaysThatNothingIsCompiled() throws IOException {
    Files.writeString(
        recipe,
        Files.readString(recipe)
            .replace("method: mixture_of_masks", "method: per_token")
            .replaceAll("masks: .*\n", ""));
    JsonNode json =
        call(new Sparsify(), recipe.toString(), "--out", run.toString(), "--json", "--steps", "0");
    assertTrue(json.get("not_compiled").asText().contains("no structure to compile"));
    assertEquals(0.5, json.get("active_ffn_share_measured").asDouble(), 1e-9);
    assertTrue(json.get("validation_loss").isNumber());
    assertFalse(Files.exists(run.resolve("model")));
    RunModel finished = RunModel.of(FinishedRun.open(run));
    Path to = folder.resolve("compiled");
    UserError error =
        assertThrows(UserError.class, () -> finished.write(to, Optional.empty(), Optional.empty()));
    assertTrue(error.getMessage().contains("no structure to compile"), error.getMessage());
    assertFalse(Files.exists(to));
  }

  @Test
  void aRunWhoseLengthIsGivenInTokensEndsAndIsResumed() throws IOException {
    String inSteps = Files.readString(recipe);
    Files.writeString(recipe, inSteps.replace("steps: 20", "tokens: 96"));
    JsonNode json = call(new Sparsify(), recipe.toString(), "--out", run.toString(), "--json");
    assertEquals(2, json.get("steps").asInt());
    out.getBuffer().setLength(0);
    assertEquals(2, call(new Resume(), run.toString(), "--json").get("steps").asInt());
    Files.writeString(recipe, inSteps.replace("steps: 20", "tokens: 96\n  steps: 2"));
    UserError both = assertThrows(UserError.class, () -> Methods.read(recipe, List.of()));
    assertTrue(both.getMessage().contains("both train.steps and train.tokens"), "" + both);
  }

  @Test
  void aDryRunWritesNothing() throws IOException {
    JsonNode json =
        call(new Sparsify(), recipe.toString(), "--out", run.toString(), "--json", "--dry-run");
    assertEquals(20 * 48, json.get("tokens").asLong());
    assertTrue(json.get("seconds").asDouble() > 0);
    assertTrue(json.get("memory_bytes").asLong() > 16 * json.get("parameters").asLong());
    assertFalse(Files.exists(run));
  }

  @Test
  void aSparseModelOrAFileIsNoBaseToTrainFrom() throws IOException {
    call(new Sparsify(), recipe.toString(), "--out", run.toString(), "--json", "--steps", "0");
    assertRefused(run.resolve("model"), "is sparse already");
    Path models = Path.of("../core/src/test/resources/org/mixtureofmasks/models");
    assertRefused(
        models.resolve("stories260K.bin").toAbsolutePath(), "is not a Hugging Face folder");
  }

  private void assertRefused(Path model, String why) {
    Recipe changed = Methods.read(recipe, List.of("model=" + model));
    UserError error =
        assertThrows(
            UserError.class,
            () -> Trainer.begin(changed, folder.resolve("new"), TrainingListener.SILENT));
    assertTrue(error.getMessage().contains(why), error.getMessage());
    assertFalse(Files.exists(folder.resolve("new")), "nothing is written before the checks");
  }
}
