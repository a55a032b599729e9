package org.mixtureofmasks.template;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.Nearest;

/** Computes expressions. A value is what {@link Values} says. */
final class Evaluator {
  private final ObjectNode variables;

  Evaluator(ObjectNode variables) {
    this.variables = variables;
  }

  /**
   * The value of an expression.
   *
   * @throws TemplateException if a variable or field is missing or not of the kind that is needed
   */
  Object value(Expression expression) throws TemplateException {
    return switch (expression) {
      case Expression.Literal literal -> literal.value();
      case Expression.Name name -> field(variables, name.name(), "");
      case Expression.Field field -> field(field);
      case Expression.Items list -> values(list.items());
      case Expression.Item item -> item(item);
      case Expression.Slice slice -> slice(slice);
      case Expression.Call call ->
          call.function().body().apply(value(call.owner()), values(call.arguments()));
      case Expression.Sum sum -> sum(sum);
    };
  }

  private List<Object> values(List<Expression> expressions) throws TemplateException {
    List<Object> values = new ArrayList<>();
    for (Expression expression : expressions) {
      values.add(value(expression));
    }
    return values;
  }

  private Object field(Expression.Field field) throws TemplateException {
    if (value(field.owner()) instanceof ObjectNode object) {
      return field(object, field.name(), " of " + field.owner());
    }
    throw new TemplateException(
        "'%s' has no fields, so no '%s'".formatted(field.owner(), field.name()));
  }

  private Object item(Expression.Item item) throws TemplateException {
    Object owner = value(item.owner());
    Object at = value(item.index());
    if (owner instanceof ObjectNode object && at instanceof String name) {
      return field(object, name, " of " + item.owner());
    }
    List<?> list = Values.list(owner);
    long i = Values.whole(at);
    if (i < -list.size() || i >= list.size()) {
      throw new TemplateException(
          "'%s' has %d items, none at [%d]".formatted(item.owner(), list.size(), i));
    }
    return list.get((int) (i < 0 ? i + list.size() : i));
  }

  private List<?> slice(Expression.Slice slice) throws TemplateException {
    List<?> list = Values.list(value(slice.owner()));
    int low = bound(slice.from(), 0, list.size());
    int high = bound(slice.to(), list.size(), list.size());
    return List.copyOf(list.subList(Math.min(low, high), high));
  }

  private int bound(Optional<Expression> given, int fallback, int size) throws TemplateException {
    if (given.isEmpty()) {
      return fallback;
    }
    long at = Values.whole(value(given.get()));
    return Math.clamp(at < 0 ? at + size : at, 0, size);
  }

  private Object sum(Expression.Sum sum) throws TemplateException {
    Object left = value(sum.left());
    Object right = value(sum.right());
    if (left instanceof Long x && right instanceof Long y) {
      return sum.minus() ? x - y : x + y;
    }
    if (!sum.minus() && left instanceof String s && right instanceof String t) {
      return s + t;
    }
    if (!sum.minus() && left instanceof List<?> s && right instanceof List<?> t) {
      List<Object> both = new ArrayList<>(s);
      both.addAll(t);
      return both;
    }
    throw new TemplateException(
        "'%s' is %s and '%s' is %s: they have no %s"
            .formatted(
                sum.left(),
                Values.kind(left),
                sum.right(),
                Values.kind(right),
                sum.minus() ? "difference" : "sum"));
  }

  private static Object field(ObjectNode object, String name, String owner)
      throws TemplateException {
    JsonNode value = object.get(name);
    if (value == null || value.isNull()) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      throw new TemplateException(
          "the field '%s'%s%s"
              .formatted(
                  name,
                  owner,
                  value == null ? " is missing" + Nearest.hint(name, names) : " is null"));
    }
    return Values.of(value);
  }
}
