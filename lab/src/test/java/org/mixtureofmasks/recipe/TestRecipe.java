package org.mixtureofmasks.recipe;

import java.nio.file.Path;
import java.util.List;

/** Recipes of a single section, for tests of what reads it. */
public final class TestRecipe {
  private TestRecipe() {}

  /**
   * @param keys in YAML's flow form, without braces: "experts: 4, top_k: 2"
   */
  public static Recipe of(RecipeSection section, String keys) {
    return new RecipeReader(List.of(section))
        .read("%s: {%s}\n".formatted(section.name(), keys), "test", Path.of("/"), List.of());
  }
}
