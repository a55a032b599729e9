package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.recipe.Recipe;

class RepeatsTest {
  @TempDir private Path folder;

  @Test
  void aTextTooShortForTheStepsIsWarnedOfWithItsRepeats() throws IOException {
    TinyRun run = new TinyRun(folder);
    // 6 rows a step, two thirds from 40 rows and one third from 20.
    assertEquals(Optional.empty(), warning(run.dense("train.steps=40")));
    String said = warning(run.dense("train.steps=200")).orElseThrow();
    assertTrue(said.contains("200 steps of 6 rows read each row of it about 20 times"), said);
  }

  private static Optional<String> warning(Recipe recipe) {
    Start start = Start.open(recipe);
    try {
      return Repeats.warning(start.sampler().orElseThrow(), start.settings());
    } finally {
      start.close();
    }
  }
}
