package org.mixtureofmasks.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.Nearest;

/**
 * What may stand between the braces of a template: the part of Jinja's expressions that the
 * harness's multiple-choice and likelihood tasks use. A value is a String, a Long, a Boolean, a
 * Double, a List of values, or an {@link ObjectNode} with fields.
 */
sealed interface Expression {
  /**
   * The value for a document.
   *
   * @throws Refused if a field is missing or not of the kind that is needed
   */
  Object of(ObjectNode document) throws Refused;

  /** A text or number that stands in the template. */
  record Literal(Object value) implements Expression {
    @Override
    public Object of(ObjectNode document) {
      return value;
    }

    @Override
    public String toString() {
      return value.toString();
    }
  }

  /** A column of the document. */
  record Column(String name) implements Expression {
    @Override
    public Object of(ObjectNode document) throws Refused {
      return field(document, name, "");
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** {@code choices.text}. */
  record Field(Expression owner, String name) implements Expression {
    @Override
    public Object of(ObjectNode document) throws Refused {
      if (owner.of(document) instanceof ObjectNode object) {
        return field(object, name, " of " + owner);
      }
      throw new Refused("'" + owner + "' has no fields, so no '" + name + "'");
    }

    @Override
    public String toString() {
      return owner + "." + name;
    }
  }

  /** {@code [sol1, sol2]}. */
  record Items(List<Expression> items) implements Expression {
    @Override
    public Object of(ObjectNode document) throws Refused {
      List<Object> values = new ArrayList<>();
      for (Expression item : items) {
        values.add(item.of(document));
      }
      return values;
    }
  }

  /** {@code choices[0]}; a negative index counts from the end. */
  record Item(Expression owner, Expression index) implements Expression {
    @Override
    public Object of(ObjectNode document) throws Refused {
      Object value = owner.of(document);
      Object at = index.of(document);
      if (value instanceof ObjectNode object && at instanceof String name) {
        return field(object, name, " of " + owner);
      }
      List<?> list = Functions.list(value);
      long i = Functions.whole(at);
      if (i < -list.size() || i >= list.size()) {
        throw new Refused("'" + owner + "' has " + list.size() + " items, none at [" + i + "]");
      }
      return list.get((int) (i < 0 ? i + list.size() : i));
    }

    @Override
    public String toString() {
      return owner + "[" + index + "]";
    }
  }

  /** {@code words[:-1]}: bounds outside the list are its ends, as in Python. */
  record Slice(Expression owner, Optional<Expression> from, Optional<Expression> to)
      implements Expression {
    @Override
    public Object of(ObjectNode document) throws Refused {
      List<?> list = Functions.list(owner.of(document));
      int low = from.isEmpty() ? 0 : bound(from.get().of(document), list.size());
      int high = to.isEmpty() ? list.size() : bound(to.get().of(document), list.size());
      return List.copyOf(list.subList(Math.min(low, high), high));
    }

    @Override
    public String toString() {
      return owner + "[:]";
    }

    private static int bound(Object value, int size) throws Refused {
      long at = Functions.whole(value);
      return Math.clamp(at < 0 ? at + size : at, 0, size);
    }
  }

  /** A method ({@code question.strip()}) or a filter ({@code label|int}). */
  record Call(Expression owner, Functions.Function function, List<Expression> arguments)
      implements Expression {
    @Override
    public Object of(ObjectNode document) throws Refused {
      List<Object> values = new ArrayList<>();
      for (Expression argument : arguments) {
        values.add(argument.of(document));
      }
      return function.body().apply(owner.of(document), values);
    }

    @Override
    public String toString() {
      return owner + "." + function.name() + "()";
    }
  }

  /** Numbers: + or -. Texts and lists: + puts them together. */
  record Sum(Expression left, boolean minus, Expression right) implements Expression {
    @Override
    public Object of(ObjectNode document) throws Refused {
      Object a = left.of(document);
      Object b = right.of(document);
      if (a instanceof Long x && b instanceof Long y) {
        return minus ? x - y : x + y;
      }
      if (!minus && a instanceof String s && b instanceof String t) {
        return s + t;
      }
      if (!minus && a instanceof List<?> s && b instanceof List<?> t) {
        List<Object> both = new ArrayList<>(s);
        both.addAll(t);
        return both;
      }
      throw new Refused(
          "'"
              + left
              + "' is "
              + Functions.kind(a)
              + " and '"
              + right
              + "' is "
              + Functions.kind(b)
              + ": they have no "
              + (minus ? "difference" : "sum"));
    }
  }

  private static Object field(ObjectNode object, String name, String owner) throws Refused {
    JsonNode value = object.get(name);
    if (value == null || value.isNull()) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      throw new Refused(
          "the field '"
              + name
              + "'"
              + owner
              + (value == null ? " is missing" + Nearest.hint(name, names) : " is null"));
    }
    return Functions.value(value);
  }
}
