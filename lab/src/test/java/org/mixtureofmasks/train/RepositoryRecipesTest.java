package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.mixtureofmasks.recipe.Recipe;
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

  private static void check(Path file) {
    Recipe recipe = Methods.read(file, List.of());
    assertTrue(Files.exists(Path.of(recipe.get(RunKeys.MODEL), "config.json")));
    for (Source source : recipe.get(RunKeys.DATA_TRAIN)) {
      assertTrue(Files.exists(Path.of(source.file())), source.file());
    }
    for (Source source : recipe.get(RunKeys.EVALUATE_ROWS)) {
      assertTrue(Files.exists(Path.of(source.file())), source.file());
    }
  }
}
