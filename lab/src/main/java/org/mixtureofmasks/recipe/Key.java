package org.mixtureofmasks.recipe;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One setting of a recipe, declared once: its name, what it means, its unit, default and range. The
 * reader's checks, the comments of resolved recipes and the help text all come from here.
 *
 * @param name dotted, as {@code --set} takes it: {@code train.lr}
 * @param kind how its value is written
 * @param fallback the value when the recipe does not say; empty when it must
 * @param unit of the value, or empty
 * @param sentence what it does
 */
public record Key<T>(
    String name, Kind<T> kind, Optional<T> fallback, String unit, String sentence) {

  /** A whole number within bounds (both allowed). */
  public static Key<Integer> integer(
      String name, int fallback, int min, int max, String unit, String sentence) {
    return new Key<>(name, new Kind.Whole(min, max), Optional.of(fallback), unit, sentence);
  }

  /** A number within bounds, given as {@link Kind.Range#of}, {@link Kind.Range#above} and so on. */
  public static Key<Double> number(
      String name, double fallback, Kind.Range range, String unit, String sentence) {
    return new Key<>(name, new Kind.Number(range), Optional.of(fallback), unit, sentence);
  }

  /** true or false. */
  public static Key<Boolean> flag(String name, boolean fallback, String sentence) {
    return new Key<>(name, new Kind.Flag(), Optional.of(fallback), "", sentence);
  }

  /** One of a few words. */
  public static Key<String> choice(
      String name, String fallback, List<String> words, String sentence) {
    return new Key<>(name, new Kind.Choice(words), Optional.of(fallback), "", sentence);
  }

  /** A constant of an enum, written in lower case. */
  public static <E extends Enum<E>> Key<E> word(String name, E fallback, String sentence) {
    return new Key<>(
        name, new Kind.Word<>(fallback.getDeclaringClass()), Optional.of(fallback), "", sentence);
  }

  /**
   * A file or folder, relative to the recipe's own folder; {@code ${NAME}} stands for an
   * environment variable. Required.
   */
  public static Key<String> path(String name, String sentence) {
    return new Key<>(name, new Kind.PathName(), Optional.empty(), "", sentence);
  }

  /** Files, each with an optional weight. The default is none. */
  public static Key<List<Source>> sources(String name, String sentence) {
    return new Key<>(name, new Kind.Sources(), Optional.of(List.of()), "", sentence);
  }

  /** The part before the last dot; empty for a key of the top level. */
  public String section() {
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "" : name.substring(0, dot);
  }

  /** The part after the last dot. */
  public String shortName() {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  /** Sentence, unit, range and default in one line: the key's manual. */
  public String manual() {
    StringBuilder s = new StringBuilder(sentence);
    String about =
        Stream.of(
                unit.isEmpty() ? "" : "unit: " + unit,
                kind.allowed(),
                fallback
                    .map(kind::write)
                    .map(written -> "default: " + (written.isEmpty() ? "none" : written))
                    .orElse("required"))
            .filter(part -> !part.isEmpty())
            .collect(Collectors.joining("; "));
    return s.append(" (").append(about).append(')').toString();
  }
}
