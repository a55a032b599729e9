package org.mixtureofmasks.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Methods and filters of templates, by Python's and Jinja's names, and the kinds of values. */
final class Functions {
  /** What a function does with its owner (left of the dot or bar) and arguments. */
  @FunctionalInterface
  interface Body {
    Object apply(Object owner, List<Object> arguments) throws Refused;
  }

  /** A function that takes between {@code least} and {@code most} arguments. */
  record Function(String name, int least, int most, Body body) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** {@code owner.name(...)}. */
  static final Map<String, Function> METHODS =
      byName(
          new Function("strip", 0, 0, (s, _) -> PythonText.strip(text(s))),
          new Function("lstrip", 0, 0, (s, _) -> PythonText.stripLeading(text(s))),
          new Function("rstrip", 0, 0, (s, _) -> PythonText.stripTrailing(text(s))),
          new Function("lower", 0, 0, (s, _) -> text(s).toLowerCase(Locale.ROOT)),
          new Function("upper", 0, 0, (s, _) -> text(s).toUpperCase(Locale.ROOT)),
          new Function("capitalize", 0, 0, (s, _) -> PythonText.capitalize(text(s))),
          new Function("replace", 2, 2, (s, a) -> text(s).replace(text(a.get(0)), text(a.get(1)))),
          new Function("split", 1, 2, (s, a) -> split(text(s), a)),
          new Function("index", 1, 1, (list, a) -> index(list(list), a.getFirst())));

  /** {@code owner|name} or {@code owner|name(...)}. */
  static final Map<String, Function> FILTERS =
      byName(
          new Function("int", 0, 0, (x, _) -> toWhole(x)),
          new Function("string", 0, 0, (x, _) -> string(x)),
          new Function("trim", 0, 0, (s, _) -> PythonText.strip(text(s))),
          new Function("lower", 0, 0, (s, _) -> text(s).toLowerCase(Locale.ROOT)),
          new Function("upper", 0, 0, (s, _) -> text(s).toUpperCase(Locale.ROOT)),
          new Function("capitalize", 0, 0, (s, _) -> PythonText.capitalize(text(s))),
          new Function("first", 0, 0, (list, _) -> end(list(list), true)),
          new Function("last", 0, 0, (list, _) -> end(list(list), false)),
          new Function("length", 0, 0, (x, _) -> length(x)),
          new Function("join", 0, 1, (x, a) -> join(list(x), a.isEmpty() ? "" : text(a.get(0)))),
          new Function("wikitext_detokenizer", 0, 0, (s, _) -> WikiText.detokenise(text(s))));

  private Functions() {}

  private static Map<String, Function> byName(Function... functions) {
    Map<String, Function> map = new TreeMap<>();
    for (Function function : functions) {
      map.put(function.name(), function);
    }
    return map;
  }

  /** A document's value as expressions have it. */
  static Object value(JsonNode node) throws Refused {
    if (node.isTextual()) {
      return node.textValue();
    }
    if (node.isIntegralNumber() && node.canConvertToLong()) {
      return node.longValue();
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    if (node.isNumber()) {
      return node.doubleValue();
    }
    if (node.isArray()) {
      List<Object> list = new ArrayList<>();
      for (JsonNode item : node) {
        list.add(value(item));
      }
      return list;
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new Refused("nothing (null) stands where a value is needed");
  }

  /** Such as "a text", for errors. */
  static String kind(Object value) {
    return switch (value) {
      case String _ -> "a text";
      case Long _ -> "a whole number";
      case Double _ -> "a number";
      case Boolean _ -> "true or false";
      case List<?> _ -> "a list";
      default -> "an object";
    };
  }

  static String text(Object value) throws Refused {
    if (value instanceof String s) {
      return s;
    }
    throw new Refused("a text is needed, not " + kind(value));
  }

  static long whole(Object value) throws Refused {
    if (value instanceof Long n) {
      return n;
    }
    throw new Refused("a whole number is needed, not " + kind(value));
  }

  static List<?> list(Object value) throws Refused {
    if (value instanceof List<?> list) {
      return list;
    }
    throw new Refused("a list is needed, not " + kind(value));
  }

  /** As Python's {@code str} writes it. */
  static String string(Object value) throws Refused {
    return switch (value) {
      case String s -> s;
      case Long n -> n.toString();
      case Boolean b -> b ? "True" : "False";
      case Double d when Math.abs(d) >= 1e-4 && Math.abs(d) < 1e16 -> decimal(d);
      case Double d when d == 0 -> d.toString();
      default -> throw new Refused(kind(value) + " cannot stand in a prompt");
    };
  }

  private static String decimal(double value) {
    return value == Math.rint(value)
        ? new BigDecimal(value).toPlainString() + ".0"
        : new BigDecimal(Double.toString(value)).toPlainString();
  }

  private static Long toWhole(Object value) throws Refused {
    return switch (value) {
      case Long n -> n;
      case Boolean b -> b ? 1L : 0L;
      case String s when PythonText.strip(s).matches("[+-]?\\d{1,18}") ->
          Long.parseLong(PythonText.strip(s));
      case String s -> throw new Refused("'" + s + "' is not a whole number");
      default -> throw new Refused(kind(value) + " is not a whole number");
    };
  }

  private static List<String> split(String text, List<Object> arguments) throws Refused {
    String separator = text(arguments.getFirst());
    if (separator.isEmpty()) {
      throw new Refused("split needs a separator");
    }
    // Java counts pieces, Python cuts; both keep empty pieces at the ends.
    long cuts = arguments.size() == 2 ? whole(arguments.get(1)) : -1;
    int pieces = cuts < 0 ? -1 : (int) Math.min(cuts + 1, Integer.MAX_VALUE);
    return Arrays.asList(text.split(Pattern.quote(separator), pieces));
  }

  private static Long index(List<?> list, Object wanted) throws Refused {
    int at = list.indexOf(wanted);
    if (at < 0) {
      throw new Refused(wanted + " is not one of " + list);
    }
    return (long) at;
  }

  private static Object end(List<?> list, boolean first) throws Refused {
    if (list.isEmpty()) {
      throw new Refused("an empty list has no items");
    }
    return first ? list.getFirst() : list.getLast();
  }

  private static Long length(Object value) throws Refused {
    return value instanceof String s
        ? (long) s.codePointCount(0, s.length())
        : (long) list(value).size();
  }

  private static String join(List<?> list, String separator) throws Refused {
    List<String> parts = new ArrayList<>();
    for (Object item : list) {
      parts.add(string(item));
    }
    return String.join(separator, parts);
  }
}
