package org.mixtureofmasks.recipe;

import java.util.ArrayList;
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
        throw new IllegalArgumentException("key %s in section %s".formatted(key.name(), name));
      }
    }
  }

  /**
   * Begins a section whose keys are declared one by one.
   *
   * @param name without a dot; empty for the top level
   */
  public static Builder named(String name, String sentence) {
    return new Builder(name, sentence);
  }

  /**
   * Declares the keys of a section, each in one place: a key that is declared is in the section, in
   * this order. The parameters are those of {@link Key}'s factories, names without the section's.
   */
  public static final class Builder {
    private final String name;
    private final String sentence;
    private final List<Key<?>> keys = new ArrayList<>();

    private Builder(String name, String sentence) {
      this.name = name;
      this.sentence = sentence;
    }

    public Key<Integer> integer(
        String key, int fallback, int min, int max, String unit, String sentence) {
      return add(Key.integer(full(key), fallback, min, max, unit, sentence));
    }

    public Key<Double> number(
        String key, double fallback, Kind.Range range, String unit, String sentence) {
      return add(Key.number(full(key), fallback, range, unit, sentence));
    }

    public Key<Boolean> flag(String key, boolean fallback, String sentence) {
      return add(Key.flag(full(key), fallback, sentence));
    }

    public <E extends Enum<E>> Key<E> word(String key, E fallback, String sentence) {
      return add(Key.word(full(key), fallback, sentence));
    }

    public Key<String> choice(String key, String fallback, List<String> words, String sentence) {
      return add(Key.choice(full(key), fallback, words, sentence));
    }

    public Key<List<Source>> sources(String key, String sentence) {
      return add(Key.sources(full(key), sentence));
    }

    private String full(String key) {
      return name.isEmpty() ? key : name + "." + key;
    }

    private <T> Key<T> add(Key<T> key) {
      keys.add(key);
      return key;
    }

    /** The section with all keys declared so far. */
    public RecipeSection build() {
      return new RecipeSection(name, sentence, keys);
    }
  }
}
