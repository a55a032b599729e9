package org.mixtureofmasks.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.UserError;

/** What a person types for a budget. */
class BudgetTest {
  @ParameterizedTest
  @CsvSource({"20m, 1200", "2h, 7200", "1h30m, 5400", "90s, 90", "' 2H ', 7200"})
  void timesAreHoursMinutesAndSeconds(String typed, long seconds) {
    assertEquals(new Budget.Time(seconds), Budget.parse(typed));
  }

  @ParameterizedTest
  @CsvSource({
    "500k-tokens, 500000",
    "2M-tokens, 2000000",
    "1.5m-tokens, 1500000",
    "1b-tokens, 1000000000",
    "4096-tokens, 4096",
    "500ktokens, 500000"
  })
  void tokensHaveAUnitOrNone(String typed, long tokens) {
    assertEquals(new Budget.Tokens(tokens), Budget.parse(typed));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "20", "20x", "-5m", "m", "2 h", "tokens", "99999999h", "1e9-tokens"})
  void anythingElseIsRefusedWithExamples(String typed) {
    UserError e = assertThrows(UserError.class, () -> Budget.parse(typed));
    assertEquals(UserError.USAGE, e.exitCode());
    assertTrue(e.getMessage().contains("20m, 2h, 1h30m"), e.getMessage());
  }

  @Test
  void nothingIsRefusedWithWhatToDoInstead() {
    UserError e = assertThrows(UserError.class, () -> Budget.parse("0m"));
    assertTrue(e.getMessage().contains("leave the option out"), e.getMessage());
  }
}
