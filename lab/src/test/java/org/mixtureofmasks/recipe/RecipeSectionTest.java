package org.mixtureofmasks.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;

class RecipeSectionTest {
  private static final RecipeSection.Builder KEYS = RecipeSection.named("wait", "How long.");
  private static final Key<Integer> LONG = KEYS.integer("long", 3, 1, 9, "units", "how many");
  private static final Key<TimeUnit> UNIT = KEYS.word("unit", TimeUnit.SECONDS, "of what");
  private static final Key<Boolean> QUIET = KEYS.flag("quiet", false, "whether it is said");

  @Test
  void aKeyThatIsDeclaredIsInTheSectionInTheOrderOfTheDeclarations() {
    RecipeSection section = KEYS.build();
    assertEquals(List.of(LONG, UNIT, QUIET), section.keys());
    assertEquals("wait.unit", UNIT.name());
  }

  @Test
  void aWordIsAConstantOfItsEnumInLowerCase() {
    Recipe recipe = TestRecipe.of(KEYS.build(), "unit: milliseconds");
    assertEquals(TimeUnit.MILLISECONDS, recipe.get(UNIT));
    assertEquals(3, recipe.get(LONG));
    String yaml = recipe.resolvedYaml();
    assertEquals(
        "  # of what (one of nanoseconds, microseconds, milliseconds, seconds, minutes, hours,"
            + " days; default: seconds)\n  unit: milliseconds\n",
        yaml.substring(yaml.indexOf("  # of what"), yaml.indexOf("  # whether")));
    UserError error =
        assertThrows(UserError.class, () -> TestRecipe.of(KEYS.build(), "unit: second"));
    assertEquals(
        "test:1: wait.unit: 'second' is not one of nanoseconds, microseconds, milliseconds,"
            + " seconds, minutes, hours, days (did you mean 'seconds'?)",
        error.getMessage());
  }

  @Test
  void aKeyWithoutEffectIsRefusedWhereItIsGiven() {
    new Checks(TestRecipe.of(KEYS.build(), "long: 2")).requireAbsent(QUIET, "nothing is said");
    Checks given = new Checks(TestRecipe.of(KEYS.build(), "quiet: true"));
    UserError error =
        assertThrows(UserError.class, () -> given.requireAbsent(QUIET, "nothing is said"));
    assertEquals(
        "wait.quiet would have no effect: nothing is said; remove it, or change the other",
        error.getMessage());
  }
}
