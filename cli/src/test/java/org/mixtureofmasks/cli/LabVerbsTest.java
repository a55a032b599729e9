package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabVerbsTest {
  @ParameterizedTest
  @ValueSource(strings = {"sparsify", "demo", "study"})
  void aVerbOfTheLabSaysInOneLineHowToGetTheLab(String verb) {
    CliRun run = CliRun.mom(verb, "recipe.yaml", "--out", "run", "--help");
    assertEquals(1, run.exit());
    assertEquals("", run.out());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().startsWith("mom: '" + verb + "' is a verb of the lab"), run.err());
    assertTrue(run.err().contains("mom-lab"), run.err());
  }

  @Test
  void aWordThatNoOneKnowsIsWrongUsage() {
    CliRun run = CliRun.mom("sparsely");
    assertEquals(2, run.exit());
    assertTrue(run.err().contains("'sparsely'"), run.err());
  }
}
