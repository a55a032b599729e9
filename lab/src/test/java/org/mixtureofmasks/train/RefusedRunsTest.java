package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.recipe.Recipe;

/** What is neither begun nor resumed, and what is said then. */
class RefusedRunsTest {
  @TempDir Path folder;
  private TinyRun tiny;

  @BeforeEach
  void makeTheModel() throws IOException {
    tiny = new TinyRun(folder);
  }

  private String refusal(Recipe recipe, String out) {
    return assertThrows(
            UserError.class,
            () -> Trainer.begin(recipe, tiny.path(out), TrainingListener.SILENT).close())
        .getMessage();
  }

  private static String notResumed(Path run) {
    return assertThrows(UserError.class, () -> Trainer.resume(run, TrainingListener.SILENT))
        .getMessage();
  }

  private Path twoSteps() throws IOException {
    Path out = tiny.path("run");
    try (Trainer trainer =
        Trainer.begin(tiny.dense("train.steps=2"), out, TrainingListener.SILENT)) {
      trainer.train();
    }
    return out;
  }

  @Test
  void aFolderThatIsNotEmptyIsRefused() throws IOException {
    Files.createDirectories(tiny.path("run"));
    Files.writeString(tiny.path("run").resolve("precious.txt"), "mine");
    String message = refusal(tiny.dense(), "run");
    assertEquals(
        tiny.path("run")
            + " is not empty: give --out a new folder, or go on with 'mom resume "
            + tiny.path("run")
            + "'",
        message);
    assertEquals("mine", Files.readString(tiny.path("run").resolve("precious.txt")));
  }

  @Test
  void whatIsMissingIsNamedBeforeAnythingIsWritten() throws IOException {
    String message = refusal(tiny.dense("model=" + tiny.path("nowhere")), "run");
    assertTrue(message.contains(tiny.path("nowhere").toString()), message);
    message = refusal(tiny.dense("data.train=" + tiny.path("none.u16")), "run");
    assertTrue(message.startsWith("no file of token rows at " + tiny.path("none.u16")), message);
    message = refusal(tiny.dense("data.row=18"), "run");
    assertTrue(message.contains("the model's context ends at 16"), message);
    message = assertThrows(UserError.class, () -> tiny.dense("train.tokens=1000")).getMessage();
    assertTrue(message.contains("both train.steps and train.tokens"), message);
    assertFalse(Files.exists(tiny.path("run")));
  }

  @Test
  void aChangedRecipeOrModelIsNotResumed() throws IOException {
    Path out = twoSteps();
    Path recipe = out.resolve("recipe.resolved.yaml");
    String text = Files.readString(recipe);
    Files.writeString(recipe, text.replace("  lr: 0.01\n", "  lr: 0.02\n"));
    String message = notResumed(out);
    assertTrue(message.startsWith(recipe + " was changed since"), message);
    Files.writeString(recipe, text);
    Path config = tiny.path("model/config.json");
    Files.writeString(config, Files.readString(config).replace("1e-5", "1e-6"));
    message = notResumed(out);
    assertTrue(message.contains("the dense model " + tiny.path("model") + " was changed"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.u16", "valid.u16"})
  void changedDataAreNotResumed(String name) throws IOException {
    Path out = twoSteps();
    byte[] before = Files.readAllBytes(tiny.path(name));
    tiny.rows(name, before.length / 18, 9);
    String message = notResumed(out);
    assertTrue(message.startsWith("the data " + tiny.path(name) + " was changed since"), message);
    Files.write(tiny.path(name), before);
    Trainer.resume(out, TrainingListener.SILENT).close();
  }

  @Test
  void aRunIsResumedByOneAtATime() throws IOException {
    Path out = tiny.path("run");
    try (Trainer trainer =
        Trainer.begin(tiny.dense("train.steps=2"), out, TrainingListener.SILENT)) {
      trainer.train(1);
      assertEquals(
          "another process is training in " + out + ": wait for it, or stop it first",
          notResumed(out));
    }
    try (Trainer trainer = Trainer.resume(out, TrainingListener.SILENT)) {
      trainer.train();
    }
    assertEquals(3, Files.readAllLines(out.resolve("metrics.jsonl")).size());
  }

  @Test
  void aFolderThatIsNoRunIsNotResumed() {
    assertEquals(
        folder + " is not a run folder (no recipe.resolved.yaml): start one with 'mom sparsify'",
        notResumed(folder));
  }

  @Test
  void keysOfAnotherMethodAreRefused() {
    String message =
        assertThrows(UserError.class, () -> tiny.recipe("dense", "masks: {experts: 3}\n"))
            .getMessage();
    assertTrue(message.contains("masks.experts belongs to the method mixture_of_masks"), message);
  }
}
