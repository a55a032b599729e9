package org.mixtureofmasks.recipe;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.yaml.YamlValue;

/** How a value is written in YAML, what is allowed, and how it is written back. */
public sealed interface Kind<T> {
  /**
   * The value as this kind has it.
   *
   * @throws UserError (wrong usage) saying where, and what was found instead
   */
  T read(YamlValue value, Context context);

  /** What is allowed, for errors and comments: "in (0, 1]". */
  String allowed();

  /** The value in YAML, on one line. */
  String write(T value);

  /** Turns what a recipe says about files into absolute paths. */
  @FunctionalInterface
  interface Context {
    /**
     * @param at whose path it is, for errors
     */
    String resolve(String path, YamlValue at);
  }

  /** Bounds of a number. */
  record Range(double min, boolean minAllowed, double max, boolean maxAllowed) {
    /** [min, max]. */
    public static Range of(double min, double max) {
      return new Range(min, true, max, true);
    }

    /** (min, max]: zero excluded, one allowed, and the like. */
    public static Range above(double min, double max) {
      return new Range(min, false, max, true);
    }

    /** [min, max). */
    public static Range below(double min, double max) {
      return new Range(min, true, max, false);
    }

    /** At least zero. */
    public static Range nonNegative() {
      return new Range(0, true, Double.POSITIVE_INFINITY, false);
    }

    boolean holds(double x) {
      return (minAllowed ? x >= min : x > min) && (maxAllowed ? x <= max : x < max);
    }

    @Override
    public String toString() {
      String low = Yaml.number(min);
      if (Double.isInfinite(max)) {
        return (minAllowed ? "at least " : "above ") + low;
      }
      return "in "
          + (minAllowed ? "[" : "(")
          + low
          + ", "
          + Yaml.number(max)
          + (maxAllowed ? "]" : ")");
    }
  }

  /** A whole number in [min, max]. */
  record Whole(int min, int max) implements Kind<Integer> {
    @Override
    public Integer read(YamlValue value, Context context) {
      return value.whole(min, max);
    }

    @Override
    public String allowed() {
      return YamlValue.bounds(min, max);
    }

    @Override
    public String write(Integer value) {
      return value.toString();
    }
  }

  /** A number in a range. */
  record Number(Range range) implements Kind<Double> {
    @Override
    public Double read(YamlValue value, Context context) {
      return value.number(range::holds, allowed());
    }

    @Override
    public String allowed() {
      return range.toString();
    }

    @Override
    public String write(Double value) {
      return Yaml.number(value);
    }
  }

  /** true or false. */
  record Flag() implements Kind<Boolean> {
    @Override
    public Boolean read(YamlValue value, Context context) {
      return value.flag();
    }

    @Override
    public String allowed() {
      return "true or false";
    }

    @Override
    public String write(Boolean value) {
      return value.toString();
    }
  }

  /** One of a few words. */
  record Choice(List<String> words) implements Kind<String> {
    public Choice {
      words = List.copyOf(words);
    }

    @Override
    public String read(YamlValue value, Context context) {
      return value.choice(words);
    }

    @Override
    public String allowed() {
      return words.size() == 1 ? words.getFirst() : "one of " + String.join(", ", words);
    }

    @Override
    public String write(String value) {
      return value;
    }
  }

  /** A constant of an enum, in lower case. */
  record Word<E extends Enum<E>>(Class<E> type) implements Kind<E> {
    private Choice words() {
      return new Choice(Stream.of(type.getEnumConstants()).map(this::write).toList());
    }

    @Override
    public E read(YamlValue value, Context context) {
      return Enum.valueOf(type, words().read(value, context).toUpperCase(Locale.ROOT));
    }

    @Override
    public String allowed() {
      return words().allowed();
    }

    @Override
    public String write(E value) {
      return value.name().toLowerCase(Locale.ROOT);
    }
  }

  /** A file or folder. */
  record PathName() implements Kind<String> {
    @Override
    public String read(YamlValue value, Context context) {
      return context.resolve(value.text("a path"), value);
    }

    @Override
    public String allowed() {
      return "a path";
    }

    @Override
    public String write(String value) {
      return Yaml.quoted(value);
    }
  }

  /** Files with weights. */
  record Sources() implements Kind<List<Source>> {
    @Override
    public List<Source> read(YamlValue value, Context context) {
      return value.items().stream().map(item -> Source.read(item, context)).toList();
    }

    @Override
    public String allowed() {
      return "a file, or a list of files or {file: F, weight: W}";
    }

    @Override
    public String write(List<Source> value) {
      return value.isEmpty()
          ? "[]"
          : value.stream()
              .map(
                  s ->
                      "{file: "
                          + Yaml.quoted(s.file())
                          + ", weight: "
                          + Yaml.number(s.weight())
                          + "}")
              .collect(java.util.stream.Collectors.joining(", ", "[", "]"));
    }
  }
}
