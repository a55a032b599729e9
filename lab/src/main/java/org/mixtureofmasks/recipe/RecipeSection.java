package org.mixtureofmasks.recipe;

import java.util.List;

/**
 * Keys that stand together in a recipe.
 *
 * @param name the name before the dot; empty for the top level
 * @param sentence what the section is for
 * @param keys in the order in which resolved recipes show them
 */
public record RecipeSection(String name, String sentence, List<Key<?>> keys) {
  public RecipeSection {
    keys = List.copyOf(keys);
    for (Key<?> key : keys) {
      if (!key.section().equals(name)) {
        throw new IllegalArgumentException("key " + key.name() + " in section " + name);
      }
    }
  }
}
