package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeReader;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.recipe.Source;

/** Every recipe of the repository is read, and what it names is there. */
class RepositoryRecipesTest {
  @TestFactory
  Stream<DynamicTest> everyRecipeParsesAndNamesFilesThatExist() throws IOException {
    List<Path> recipes;
    try (Stream<Path> files = Files.list(Path.of("..", "recipes"))) {
      recipes = files.filter(p -> p.toString().endsWith(".yaml")).sorted().toList();
    }
    assertTrue(recipes.size() >= 3, recipes.toString());
    return recipes.stream()
        .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> check(file)));
  }

  /** What a recipe asks of the user's machine, by environment variable, lies here in the test. */
  private static final String ELSEWHERE = "/elsewhere";

  private static void check(Path file) {
    Map<String, String> environment = Map.of("MOM_MODELS", ELSEWHERE, "MOM_TEXTS", ELSEWHERE);
    Recipe recipe = new RecipeReader(Methods.sections(), environment).read(file, List.of());
    Methods.provider(recipe).check(recipe); // throws for values that do not go together
    assertThere(Path.of(recipe.get(RunKeys.MODEL), "config.json"));
    for (Source source : recipe.get(RunKeys.DATA_TRAIN)) {
      assertThere(Path.of(source.file()));
    }
    for (Source source : recipe.get(RunKeys.EVALUATE_ROWS)) {
      assertThere(Path.of(source.file()));
    }
  }

  private static void assertThere(Path file) {
    assertTrue(file.startsWith(ELSEWHERE) || Files.exists(file), file.toString());
  }
}
