package org.mixtureofmasks.template;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** A text with {@code {{ expressions }}} to be filled in. Immutable. */
public final class Template {
  /** Texts (as literals) and expressions in turn. */
  private final List<Expression> parts;

  private Template(List<Expression> parts) {
    this.parts = List.copyOf(parts);
  }

  /**
   * Reads a template.
   *
   * @param source a text with {@code {{ expressions }}}
   * @param functions the methods and filters that its expressions may call
   * @return the template
   * @throws TemplateException if an expression cannot be read, or is one of Jinja's statements
   */
  public static Template parse(String source, Functions functions) throws TemplateException {
    List<Expression> parts = new ArrayList<>();
    for (Segment segment : Segment.split(source)) {
      parts.add(
          switch (segment.kind()) {
            case TEXT -> new Expression.Literal(segment.content());
            case EXPRESSION -> ExpressionParser.parse(segment.content(), functions);
          });
    }
    return new Template(parts);
  }

  /**
   * Makes a template in which nothing is filled in.
   *
   * @param text what it always gives, braces or not
   * @return the template
   */
  public static Template literal(String text) {
    return new Template(List.of(new Expression.Literal(text)));
  }

  /**
   * Fills the expressions in.
   *
   * @param variables what names stand for
   * @return the text
   * @throws TemplateException if a variable is missing or not of the kind that is needed
   */
  public String text(ObjectNode variables) throws TemplateException {
    Evaluator evaluator = new Evaluator(variables);
    StringBuilder text = new StringBuilder();
    for (Expression part : parts) {
      text.append(Values.string(evaluator.value(part)));
    }
    return text.toString();
  }

  /**
   * Computes the value of a template that is one expression, which need not be a text.
   *
   * @param variables what names stand for
   * @return the value; of any other template the text
   * @throws TemplateException if a variable is missing or not of the kind that is needed
   */
  public Object value(ObjectNode variables) throws TemplateException {
    return parts.size() == 1 ? new Evaluator(variables).value(parts.getFirst()) : text(variables);
  }
}
