package org.mixtureofmasks.template;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The methods and filters that templates may call, by Python's and Jinja's names.
 *
 * @param methods {@code owner.name(...)}
 * @param filters {@code owner|name} or {@code owner|name(...)}
 */
public record Functions(Map<String, Function> methods, Map<String, Function> filters) {
  /** What a function does with its owner (left of the dot or bar) and arguments. */
  @FunctionalInterface
  public interface Body {
    /**
     * Computes the function's value.
     *
     * @param owner what stands left of the dot or bar
     * @param arguments as many as the function takes
     * @return its value, of a kind that {@link Values} names
     * @throws TemplateException if a value is not of the kind that is needed
     */
    Object apply(Object owner, List<Object> arguments) throws TemplateException;
  }

  /**
   * A method or filter.
   *
   * @param name by which templates call it
   * @param least fewest arguments
   * @param most most arguments
   * @param body what it does
   */
  public record Function(String name, int least, int most, Body body) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final Map<String, Function> METHODS =
      byName(
          new Function("strip", 0, 0, (s, _) -> PythonText.strip(Values.text(s))),
          new Function("lstrip", 0, 0, (s, _) -> PythonText.stripLeading(Values.text(s))),
          new Function("rstrip", 0, 0, (s, _) -> PythonText.stripTrailing(Values.text(s))),
          new Function("lower", 0, 0, (s, _) -> Values.text(s).toLowerCase(Locale.ROOT)),
          new Function("upper", 0, 0, (s, _) -> Values.text(s).toUpperCase(Locale.ROOT)),
          new Function("capitalize", 0, 0, (s, _) -> PythonText.capitalize(Values.text(s))),
          new Function(
              "replace",
              2,
              2,
              (s, a) -> Values.text(s).replace(Values.text(a.get(0)), Values.text(a.get(1)))),
          new Function("split", 1, 2, (s, a) -> split(Values.text(s), a)),
          new Function("index", 1, 1, (list, a) -> index(Values.list(list), a.getFirst())));

  private static final Map<String, Function> FILTERS =
      byName(
          new Function("int", 0, 0, (x, _) -> toWhole(x)),
          new Function("string", 0, 0, (x, _) -> Values.string(x)),
          new Function("trim", 0, 0, (s, _) -> PythonText.strip(Values.text(s))),
          new Function("lower", 0, 0, (s, _) -> Values.text(s).toLowerCase(Locale.ROOT)),
          new Function("upper", 0, 0, (s, _) -> Values.text(s).toUpperCase(Locale.ROOT)),
          new Function("capitalize", 0, 0, (s, _) -> PythonText.capitalize(Values.text(s))),
          new Function("first", 0, 0, (list, _) -> end(Values.list(list), true)),
          new Function("last", 0, 0, (list, _) -> end(Values.list(list), false)),
          new Function("length", 0, 0, (x, _) -> length(x)),
          new Function(
              "join",
              0,
              1,
              (x, a) -> join(Values.list(x), a.isEmpty() ? "" : Values.text(a.get(0)))));

  /** Copies both, sorted by name. */
  public Functions {
    methods = Collections.unmodifiableMap(new TreeMap<>(methods));
    filters = Collections.unmodifiableMap(new TreeMap<>(filters));
  }

  /** {@return what every template has} */
  public static Functions standard() {
    return new Functions(METHODS, FILTERS);
  }

  /**
   * Adds a filter.
   *
   * @param name by which templates call it
   * @param least fewest arguments
   * @param most most arguments
   * @param body what it does
   * @return these functions and the filter
   */
  public Functions withFilter(String name, int least, int most, Body body) {
    Map<String, Function> more = new TreeMap<>(filters);
    more.put(name, new Function(name, least, most, body));
    return new Functions(methods, more);
  }

  private static Map<String, Function> byName(Function... functions) {
    Map<String, Function> map = new TreeMap<>();
    for (Function function : functions) {
      map.put(function.name(), function);
    }
    return map;
  }

  private static Long toWhole(Object value) throws TemplateException {
    return switch (value) {
      case Long n -> n;
      case Boolean b -> b ? 1L : 0L;
      case String s when PythonText.strip(s).matches("[+-]?\\d{1,18}") ->
          Long.parseLong(PythonText.strip(s));
      case String s -> throw new TemplateException("'%s' is not a whole number".formatted(s));
      default ->
          throw new TemplateException("%s is not a whole number".formatted(Values.kind(value)));
    };
  }

  private static List<String> split(String text, List<Object> arguments) throws TemplateException {
    String separator = Values.text(arguments.getFirst());
    if (separator.isEmpty()) {
      throw new TemplateException("split needs a separator");
    }
    // Java counts pieces, Python cuts; both keep empty pieces at the ends.
    long cuts = arguments.size() == 2 ? Values.whole(arguments.get(1)) : -1;
    int pieces = cuts < 0 ? -1 : (int) Math.min(cuts + 1, Integer.MAX_VALUE);
    return Arrays.asList(text.split(Pattern.quote(separator), pieces));
  }

  private static Long index(List<?> list, Object wanted) throws TemplateException {
    int at = list.indexOf(wanted);
    if (at < 0) {
      throw new TemplateException("%s is not one of %s".formatted(wanted, list));
    }
    return (long) at;
  }

  private static Object end(List<?> list, boolean first) throws TemplateException {
    if (list.isEmpty()) {
      throw new TemplateException("an empty list has no items");
    }
    return first ? list.getFirst() : list.getLast();
  }

  private static Long length(Object value) throws TemplateException {
    return value instanceof String s
        ? (long) s.codePointCount(0, s.length())
        : (long) Values.list(value).size();
  }

  private static String join(List<?> list, String separator) throws TemplateException {
    List<String> parts = new ArrayList<>();
    for (Object item : list) {
      parts.add(Values.string(item));
    }
    return String.join(separator, parts);
  }
}
