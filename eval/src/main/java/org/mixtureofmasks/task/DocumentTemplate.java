package org.mixtureofmasks.task;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.regex.Pattern;
import org.mixtureofmasks.template.Functions;
import org.mixtureofmasks.template.Template;
import org.mixtureofmasks.template.TemplateException;
import org.mixtureofmasks.template.Values;

/**
 * What the harness calls doc_to_text, doc_to_target, doc_to_choice and description: the bare name
 * of a column, or a text with {@code {{ expressions }}}.
 *
 * @param template fills in a document
 * @param isColumn it is a bare name, whose value is then taken as it is
 */
record DocumentTemplate(Template template, boolean isColumn) {
  /** The standard ones and the harness's own, which it imports from a task's Python file. */
  private static final Functions FUNCTIONS =
      Functions.standard()
          .withFilter("wikitext_detokenizer", 0, 0, (s, _) -> WikiText.detokenise(Values.text(s)));

  private static final Pattern BARE_NAME = Pattern.compile("[A-Za-z_]\\w*");

  static DocumentTemplate parse(String source) throws TemplateException {
    boolean column = BARE_NAME.matcher(source).matches();
    String whole = column ? "{{%s}}".formatted(source) : source;
    return new DocumentTemplate(Template.parse(whole, FUNCTIONS), column);
  }

  /** A text in which nothing is filled in. */
  static DocumentTemplate literal(String text) {
    return new DocumentTemplate(Template.literal(text), false);
  }

  /** The text of a document. */
  String text(ObjectNode document) throws BadDocument {
    try {
      return template.text(document);
    } catch (TemplateException e) {
      throw new BadDocument(e);
    }
  }

  /** The value of a column or of one expression; of any other template the text. */
  Object value(ObjectNode document) throws BadDocument {
    try {
      return template.value(document);
    } catch (TemplateException e) {
      throw new BadDocument(e);
    }
  }
}
