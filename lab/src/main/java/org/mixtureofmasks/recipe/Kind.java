package org.mixtureofmasks.recipe;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.nodes.Node;

/** How a value is written in YAML, what is allowed, and how it is written back. */
public sealed interface Kind<T> {
  /**
   * The value of a node.
   *
   * @throws Refused saying what was found instead
   */
  T read(Node node, Context context) throws Refused;

  /** What is allowed, for errors and comments: "in (0, 1]". */
  String allowed();

  /** The value in YAML, on one line. */
  String write(T value);

  /** Turns what a recipe says about files into absolute paths. */
  @FunctionalInterface
  interface Context {
    String resolve(String path) throws Refused;
  }

  /** A value that this kind does not take; the message completes "key X: ". */
  final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
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
    public Integer read(Node node, Context context) throws Refused {
      String text = Yaml.plain(node, "a whole number");
      int value;
      try {
        value = Integer.parseInt(text);
      } catch (NumberFormatException e) {
        throw new Refused("'" + text + "' is not a whole number " + allowed());
      }
      if (value < min || value > max) {
        throw new Refused(text + " is not " + allowed());
      }
      return value;
    }

    @Override
    public String allowed() {
      return max == Integer.MAX_VALUE ? "at least " + min : "in [" + min + ", " + max + "]";
    }

    @Override
    public String write(Integer value) {
      return value.toString();
    }
  }

  /** A number in a range. */
  record Number(Range range) implements Kind<Double> {
    @Override
    public Double read(Node node, Context context) throws Refused {
      String text = Yaml.plain(node, "a number");
      double value;
      try {
        value = Double.parseDouble(text);
      } catch (NumberFormatException e) {
        throw new Refused("'" + text + "' is not a number " + allowed());
      }
      if (!range.holds(value)) {
        throw new Refused(text + " is not " + allowed());
      }
      return value;
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
    public Boolean read(Node node, Context context) throws Refused {
      String text = Yaml.plain(node, "true or false");
      return switch (text) {
        case "true" -> true;
        case "false" -> false;
        default -> throw new Refused("'" + text + "' is neither true nor false");
      };
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
    public String read(Node node, Context context) throws Refused {
      String text = Yaml.scalar(node, allowed());
      if (!words.contains(text)) {
        throw new Refused(
            "'" + text + "' is not " + allowed() + org.mixtureofmasks.Nearest.hint(text, words));
      }
      return text;
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
    public E read(Node node, Context context) throws Refused {
      return Enum.valueOf(type, words().read(node, context).toUpperCase(Locale.ROOT));
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
    public String read(Node node, Context context) throws Refused {
      return context.resolve(Yaml.scalar(node, "a path"));
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
    public List<Source> read(Node node, Context context) throws Refused {
      return Yaml.sources(node, context);
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
