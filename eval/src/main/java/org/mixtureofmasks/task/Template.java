package org.mixtureofmasks.task;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A text with {@code {{ expressions }}}, or the bare name of a column: what the harness calls
 * doc_to_text, doc_to_target, doc_to_choice and description.
 *
 * @param source the template as it was written
 * @param parts texts and expressions in turn
 */
record Template(String source, List<Expression> parts) {
  private static final Pattern BARE_NAME = Pattern.compile("[A-Za-z_]\\w*");

  Template {
    parts = List.copyOf(parts);
  }

  /**
   * @throws Refused if an expression cannot be read, or is one of Jinja's statements
   */
  static Template parse(String source) throws Refused {
    if (source.contains("{%") || source.contains("{#")) {
      throw new Refused("templates have {{ expressions }} only, no {% statements %} or comments");
    }
    if (BARE_NAME.matcher(source).matches()) {
      return new Template(source, List.of(new Expression.Column(source)));
    }
    List<Expression> parts = new ArrayList<>();
    int at = 0;
    for (int open; (open = source.indexOf("{{", at)) >= 0; ) {
      int close = source.indexOf("}}", open);
      if (close < 0) {
        throw new Refused("'" + source + "': a {{ has no }}");
      }
      addText(parts, source.substring(at, open));
      parts.add(ExpressionParser.parse(source.substring(open + 2, close).strip()));
      at = close + 2;
    }
    addText(parts, source.substring(at));
    return new Template(source, parts);
  }

  private static void addText(List<Expression> parts, String text) {
    if (!text.isEmpty()) {
      parts.add(new Expression.Literal(text));
    }
  }

  /** The template with its expressions filled in. */
  String text(ObjectNode document) throws Refused {
    StringBuilder text = new StringBuilder();
    for (Expression part : parts) {
      text.append(Functions.string(part.of(document)));
    }
    return text.toString();
  }

  /** The value of a template that is one expression; of any other, its text. */
  Object value(ObjectNode document) throws Refused {
    return parts.size() == 1 ? parts.getFirst().of(document) : text(document);
  }

  /** Whether it is the bare name of a column, whose value is then taken as it is. */
  boolean isColumn() {
    return BARE_NAME.matcher(source).matches();
  }
}
