package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void theFirstColumnIsFlushLeftAndTheOthersFlushRight() {
    String table =
        new Table().row("", "dense", "sparse").row("perplexity", "9.5", "10.25").toString();
    assertEquals(
        List.of("            dense  sparse", "perplexity    9.5   10.25"), table.lines().toList());
  }

  @Test
  void numbersHaveAPointInEveryLocale() {
    assertEquals("0.500", Table.decimals(0.5, 3));
    assertEquals("95.6 %", Table.percent(0.9561, 1));
  }
}
