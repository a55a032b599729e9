package org.mixtureofmasks.recipe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.mixtureofmasks.Nearest;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.IoReasons;
import org.mixtureofmasks.yaml.YamlValue;

/**
 * Reads recipes strictly: every key must be declared, every value be of its kind and range. Errors
 * name the file and line, what stands there and what may.
 */
public final class RecipeReader {
  /** A value of a recipe or an override, and the folder that its relative paths start from. */
  private record Entry(YamlValue value, Path base) {}

  private final List<RecipeSection> sections;
  private final Map<String, Key<?>> keys = new LinkedHashMap<>();
  private final Map<String, String> environment;

  public RecipeReader(List<RecipeSection> sections) {
    this(sections, System.getenv());
  }

  /**
   * @param sections all keys that a recipe may have
   * @param environment what {@code ${NAME}} in paths stands for
   */
  public RecipeReader(List<RecipeSection> sections, Map<String, String> environment) {
    this.sections = List.copyOf(sections);
    this.environment = Map.copyOf(environment);
    for (RecipeSection section : sections) {
      section.keys().forEach(key -> keys.put(key.name(), key));
    }
  }

  /**
   * Reads a recipe file.
   *
   * @param overrides {@code key=value} each, later ones win; paths in them are relative to the
   *     current folder
   * @throws UserError (wrong usage) for anything that cannot be understood
   */
  public Recipe read(Path file, List<String> overrides) {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw UserError.usage(
          "%s: cannot be read as a recipe: %s; give the path of a .yaml file"
              .formatted(file, IoReasons.of(e)));
    }
    Path base = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
    return read(text, file.toString(), base, overrides);
  }

  /**
   * Reads a recipe's text.
   *
   * @param name what errors call it
   * @param base the folder that relative paths start from
   */
  public Recipe read(String text, String name, Path base, List<String> overrides) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    YamlValue.ofFile(text, name).ifPresent(root -> collect(root, "", base, entries));
    overrides.forEach(override -> override(override, entries));
    Map<String, Object> values = new LinkedHashMap<>();
    Set<String> given = new HashSet<>();
    for (Key<?> key : keys.values()) {
      Entry entry = entries.get(key.name());
      if (entry != null) {
        values.put(key.name(), value(key, entry));
        given.add(key.name());
      } else {
        values.put(key.name(), fallback(key, name));
      }
    }
    return new Recipe(sections, values, given);
  }

  private static <T> T fallback(Key<T> key, String recipe) {
    return key.fallback()
        .orElseThrow(
            () ->
                UserError.usage(
                    "%s: the key %s is missing: %s".formatted(recipe, key.name(), key.sentence())));
  }

  private void collect(YamlValue value, String section, Path base, Map<String, Entry> entries) {
    String what = section.isEmpty() ? "a recipe" : "the section " + section;
    String prefix = section.isEmpty() ? "" : section + ".";
    value
        .members(what, prefix)
        .forEach(
            (key, member) -> {
              String full = prefix + key;
              if (sections.stream().anyMatch(s -> s.name().equals(full))) {
                collect(member, full, base, entries);
                return;
              }
              requireKnown(full, member.where());
              if (entries.put(full, new Entry(member, base)) != null) {
                throw UserError.usage(
                    "%s: the key %s stands here a second time".formatted(member.where(), full));
              }
            });
  }

  private void override(String text, Map<String, Entry> entries) {
    int equals = text.indexOf('=');
    if (equals <= 0) {
      throw UserError.usage(
          "--set %s: write key=value, for example train.steps=100".formatted(text));
    }
    String name = text.substring(0, equals).strip();
    String where = "--set " + text;
    requireKnown(name, where);
    YamlValue value =
        YamlValue.ofText(text.substring(equals + 1), where, name)
            .orElseThrow(() -> UserError.usage("%s: no value after the '='".formatted(where)));
    entries.put(name, new Entry(value, Path.of("").toAbsolutePath()));
  }

  private void requireKnown(String name, String where) {
    if (!keys.containsKey(name)) {
      throw UserError.usage("%s: unknown key '%s'%s".formatted(where, name, nearest(name)));
    }
  }

  /** The nearest known key by its whole name, else by its last part in any section. */
  private String nearest(String name) {
    Optional<String> whole = Nearest.of(name, keys.keySet());
    if (whole.isEmpty() || name.indexOf('.') < 0) {
      String last = name.substring(name.lastIndexOf('.') + 1);
      List<String> lasts = keys.values().stream().map(Key::shortName).toList();
      Optional<String> near = Nearest.of(last, lasts);
      if (whole.isEmpty() && near.isPresent()) {
        whole =
            keys.values().stream()
                .filter(key -> key.shortName().equals(near.get()))
                .map(Key::name)
                .findFirst();
      }
    }
    return whole
        .map(key -> " (did you mean '" + key + "'?)")
        .orElse("; known keys: " + String.join(", ", keys.keySet()));
  }

  private <T> T value(Key<T> key, Entry entry) {
    return key.kind().read(entry.value(), new PathNames(entry.base(), environment));
  }
}
