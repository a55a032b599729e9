package org.mixtureofmasks.template;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * The values of expressions: a String, a Long, a Boolean, a Double, a List of values, or an {@link
 * ObjectNode} with fields.
 */
public final class Values {
  private Values() {}

  /** What a node of JSON is to expressions. */
  static Object of(JsonNode node) throws TemplateException {
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
        list.add(of(item));
      }
      return list;
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new TemplateException("nothing (null) stands where a value is needed");
  }

  /**
   * Names the kind of a value, for errors.
   *
   * @param value any
   * @return such as "a text"
   */
  public static String kind(Object value) {
    return switch (value) {
      case String _ -> "a text";
      case Long _ -> "a whole number";
      case Double _ -> "a number";
      case Boolean _ -> "true or false";
      case List<?> _ -> "a list";
      default -> "an object";
    };
  }

  /**
   * Requires a text.
   *
   * @param value any
   * @return the same
   * @throws TemplateException if it is something else
   */
  public static String text(Object value) throws TemplateException {
    if (value instanceof String s) {
      return s;
    }
    throw needed("a text", value);
  }

  /** The value if it is a whole number. */
  static long whole(Object value) throws TemplateException {
    if (value instanceof Long n) {
      return n;
    }
    throw needed("a whole number", value);
  }

  /** The value if it is a list. */
  static List<?> list(Object value) throws TemplateException {
    if (value instanceof List<?> list) {
      return list;
    }
    throw needed("a list", value);
  }

  /** As Python's {@code str} writes it. */
  static String string(Object value) throws TemplateException {
    return switch (value) {
      case String s -> s;
      case Long n -> n.toString();
      case Boolean b -> b ? "True" : "False";
      case Double d when Math.abs(d) >= 1e-4 && Math.abs(d) < 1e16 -> decimal(d);
      case Double d when d == 0 -> d.toString();
      default -> throw new TemplateException("%s cannot stand in a prompt".formatted(kind(value)));
    };
  }

  private static String decimal(double value) {
    return value == Math.rint(value)
        ? new BigDecimal(value).toPlainString() + ".0"
        : new BigDecimal(Double.toString(value)).toPlainString();
  }

  private static TemplateException needed(String what, Object value) {
    return new TemplateException("%s is needed, not %s".formatted(what, kind(value)));
  }
}
