package org.mixtureofmasks.template;

import java.util.ArrayList;
import java.util.List;

/**
 * A piece of a template.
 *
 * @param content the text as it is, or what stands between the braces, stripped
 */
record Segment(Kind kind, String content) {
  enum Kind {
    TEXT,
    EXPRESSION
  }

  /**
   * Cuts a template at its braces; those within quotes of an expression are no end of it.
   *
   * @throws TemplateException if an expression has no end, or there is a statement or a comment
   */
  static List<Segment> split(String source) throws TemplateException {
    if (source.contains("{%") || source.contains("{#")) {
      throw new TemplateException(
          "templates have {{ expressions }} only, no {% statements %} or comments");
    }
    List<Segment> segments = new ArrayList<>();
    int at = 0;
    for (int open; (open = source.indexOf("{{", at)) >= 0; ) {
      int close = end(source, open + 2);
      if (close < 0) {
        throw new TemplateException("'%s': a {{ has no }}".formatted(source));
      }
      addText(segments, source.substring(at, open));
      segments.add(new Segment(Kind.EXPRESSION, source.substring(open + 2, close).strip()));
      at = close + 2;
    }
    addText(segments, source.substring(at));
    return segments;
  }

  private static void addText(List<Segment> segments, String text) {
    if (!text.isEmpty()) {
      segments.add(new Segment(Kind.TEXT, text));
    }
  }

  /** Where the expression's closing braces stand, or -1. */
  private static int end(String source, int from) {
    char quote = 0;
    for (int i = from; i < source.length(); i++) {
      char c = source.charAt(i);
      if (quote == 0 && source.startsWith("}}", i)) {
        return i;
      }
      if (quote != 0 && c == '\\') {
        i++; // whatever is escaped is no end of the text
      } else if (quote != 0) {
        quote = c == quote ? 0 : quote;
      } else if (c == '\'' || c == '"') {
        quote = c;
      }
    }
    return -1;
  }
}
