package org.mixtureofmasks.template;

import java.util.List;
import java.util.Optional;

/**
 * What may stand between the braces of a template, as {@link ExpressionParser} reads it and {@link
 * Evaluator} computes it: the part of Jinja's expressions that lm-evaluation-harness's
 * multiple-choice and likelihood tasks use. As a text an expression is what errors call it.
 */
sealed interface Expression {
  /** A text or number that stands in the template. */
  record Literal(Object value) implements Expression {
    @Override
    public String toString() {
      return value.toString();
    }
  }

  /** A variable. */
  record Name(String name) implements Expression {
    @Override
    public String toString() {
      return name;
    }
  }

  /** {@code choices.text}. */
  record Field(Expression owner, String name) implements Expression {
    @Override
    public String toString() {
      return owner + "." + name;
    }
  }

  /** {@code [sol1, sol2]}. */
  record Items(List<Expression> items) implements Expression {
    public Items {
      items = List.copyOf(items);
    }
  }

  /** {@code choices[0]}; a negative index counts from the end. */
  record Item(Expression owner, Expression index) implements Expression {
    @Override
    public String toString() {
      return owner + "[" + index + "]";
    }
  }

  /** {@code words[:-1]}: bounds outside the list are its ends, as in Python. */
  record Slice(Expression owner, Optional<Expression> from, Optional<Expression> to)
      implements Expression {
    @Override
    public String toString() {
      return owner + "[:]";
    }
  }

  /** A method ({@code question.strip()}) or a filter ({@code label|int}). */
  record Call(Expression owner, Functions.Function function, List<Expression> arguments)
      implements Expression {
    public Call {
      arguments = List.copyOf(arguments);
    }

    @Override
    public String toString() {
      return owner + "." + function.name() + "()";
    }
  }

  /** Numbers: + or -. Texts and lists: + puts them together. */
  record Sum(Expression left, boolean minus, Expression right) implements Expression {}
}
