package org.mixtureofmasks.recipe;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.mixtureofmasks.io.Sha256;

/** A resolved recipe: a value for every key there is, immutable. */
public final class Recipe {
  private final List<RecipeSection> sections;
  private final Map<String, Object> values;
  private final Set<String> given;

  Recipe(List<RecipeSection> sections, Map<String, Object> values, Set<String> given) {
    this.sections = List.copyOf(sections);
    this.values = new LinkedHashMap<>(values);
    this.given = Set.copyOf(given);
  }

  /** The value of a declared key. */
  @SuppressWarnings("unchecked") // put there by this very key's kind
  public <T> T get(Key<T> key) {
    Object value = values.get(key.name());
    if (value == null) {
      throw new IllegalArgumentException("no recipe with the key %s".formatted(key.name()));
    }
    return (T) value;
  }

  /** Whether the recipe or an override names the key, rather than leaving it to its default. */
  public boolean given(Key<?> key) {
    return given.contains(key.name());
  }

  /** The recipe with every key and, as comments, the manual: what run folders keep. */
  public String resolvedYaml() {
    StringBuilder s = new StringBuilder("# Every key of the run, with its meaning.\n");
    for (RecipeSection section : sections) {
      String indent = section.name().isEmpty() ? "" : "  ";
      s.append("\n# ").append(section.sentence()).append('\n');
      if (!section.name().isEmpty()) {
        s.append(section.name()).append(":\n");
      }
      for (Key<?> key : section.keys()) {
        s.append(indent).append("# ").append(key.manual()).append('\n');
        s.append(indent).append(key.shortName()).append(": ").append(write(key)).append('\n');
      }
    }
    return s.toString();
  }

  /** SHA-256 over every key and value, whatever the comments and the order in the file. */
  public String hash() {
    StringBuilder s = new StringBuilder();
    values.keySet().stream()
        .sorted()
        .forEach(name -> s.append(name).append('=').append(write(key(name))).append('\n'));
    return "sha256:" + Sha256.of(s.toString());
  }

  private Key<?> key(String name) {
    return sections.stream()
        .flatMap(section -> section.keys().stream())
        .filter(key -> key.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private <T> String write(Key<T> key) {
    return key.kind().write(get(key));
  }
}
