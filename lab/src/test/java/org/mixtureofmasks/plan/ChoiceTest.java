package org.mixtureofmasks.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ShippedThresholds;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.train.Methods;
import org.mixtureofmasks.train.TinyRun;

/** Settings by size and budget. */
class ChoiceTest {
  @TempDir Path folder;

  private ModelConfig tiny() throws Exception {
    try (Checkpoint checkpoint = Checkpoints.open(new TinyRun(folder).path("model"))) {
      return ConfigReader.read(checkpoint);
    }
  }

  @Test
  void learningRatesFallWithTheModelsSizeBetweenThoseThatWereMeasured() {
    assertEquals(4e-4, Choice.rate(1_000_000), 1e-9);
    assertEquals(4e-4, Choice.rate(4_500_000), 1e-9);
    assertEquals(1e-4, Choice.rate(135_000_000), 1e-9);
    assertEquals(2e-5, Choice.rate(1_000_000_000), 1e-9);
    assertEquals(2e-5, Choice.rate(70_000_000_000L), 1e-9);
    double between = Choice.rate(360_000_000);
    assertTrue(between < 1e-4 && between > 2e-5, "rate " + between);
  }

  @Test
  void neuronsThatNoPreviewCanHoldAreChosenByInputs() {
    assertEquals(ShippedThresholds.Choice.PREVIEW, Choice.of(TestModels.tinyConfig(64)).by());
    assertEquals(ShippedThresholds.Choice.INPUTS, Choice.of(TestModels.tinyConfig(24)).by());
    ModelConfig wide = TestModels.tinyConfig(64);
    ModelConfig odd =
        new ModelConfig(
            wide.family(),
            96,
            wide.intermediateSize(),
            wide.layers(),
            wide.attention(),
            wide.maxPositions(),
            wide.rope(),
            wide.block(),
            wide.vocabulary(),
            wide.mixtureOfMasks(),
            wide.tokenMasks());
    assertEquals(ShippedThresholds.Choice.INPUTS, Choice.of(odd).by());
  }

  @Test
  void moreTokensMakeLargerBatchesNotOnlyMoreSteps() throws Exception {
    Choice free = Choice.of(tiny());
    assertEquals(0, free.steps());
    assertEquals(1024, free.trained(65_536).batchTokens());
    assertEquals(64, free.trained(65_536).steps());
    Choice longer = free.trained(2_000_000);
    assertEquals(8192, longer.batchTokens());
    assertEquals(2_000_000, longer.tokens(), 8192);
    assertEquals(1, longer.distillation());
  }

  private static Choice smallest(Choice choice) {
    return choice.inLessMemory().map(ChoiceTest::smallest).orElse(choice);
  }

  @Test
  void memoryIsSavedFirstByWhatCostsTheLeastTime() throws Exception {
    Choice choice = Choice.of(tiny()).trained(10_000);
    List<String> steps = new ArrayList<>();
    for (Optional<Choice> c = choice.inLessMemory(); c.isPresent(); c = c.get().inLessMemory()) {
      Choice less = c.get();
      steps.add(
          "%d rows, threads %d, %s"
              .formatted(less.microRows(), less.threads(), less.recompute() ? "twice" : "once"));
    }
    assertEquals(
        List.of(
            "16 rows, threads 0, once",
            "8 rows, threads 0, once",
            "4 rows, threads 0, once",
            "2 rows, threads 0, once",
            "1 rows, threads 0, once",
            "1 rows, threads 0, twice",
            "1 rows, threads 1, twice"),
        steps);
    assertFalse(smallest(Choice.of(tiny())).recompute(), "nothing is computed twice without steps");
  }

  @Test
  void theRecipeHoldsWhatWasChosenAndOddPathsToo() throws Exception {
    Choice choice = Choice.of(tiny()).trained(10_000).withCalibration(4096);
    Path odd = Files.createDirectories(folder.resolve("a \"b\": #c"));
    OwnTexts texts = new OwnTexts(List.of(odd.resolve("x.txt")), List.of(odd.resolve("y.txt")));
    Path file = folder.resolve("recipe.yaml");
    Files.writeString(file, choice.recipe(folder.resolve("model"), texts, 0.25));
    Recipe recipe = Methods.read(file, List.of());
    assertEquals(odd.resolve("x.txt").toString(), recipe.get(RunKeys.DATA_TRAIN).getFirst().file());
    assertEquals(
        odd.resolve("y.txt").toString(), recipe.get(RunKeys.EVALUATE_HELD_OUT).getFirst().file());
    assertEquals(choice.steps(), recipe.get(RunKeys.STEPS));
    assertEquals(17, recipe.get(RunKeys.ROW), "the model's context is 16 tokens");
    assertEquals(choice.microRows(), recipe.get(RunKeys.MICRO_BATCH_ROWS));
    assertEquals(0, recipe.get(RunKeys.THREADS));
    assertFalse(recipe.get(RunKeys.RECOMPUTE));
    Files.writeString(file, smallest(choice).recipe(folder.resolve("model"), texts, 0.25));
    Recipe small = Methods.read(file, List.of());
    assertEquals(1, small.get(RunKeys.MICRO_BATCH_ROWS));
    assertEquals(1, small.get(RunKeys.THREADS));
    assertTrue(small.get(RunKeys.RECOMPUTE));
    assertEquals(0.25, Methods.provider(recipe).target(recipe));
    assertEquals(4096, Methods.provider(recipe).calibrationTokens(recipe));
  }
}
