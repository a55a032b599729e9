package org.mixtureofmasks.template;

import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.template.Token.Kind;

/** Cuts what stands between a template's braces into tokens; knows nothing of their order. */
final class Lexer {
  private final String source;
  private int at;

  private Lexer(String source) {
    this.source = source;
  }

  /**
   * The tokens of an expression; the last one is {@link Kind#END}.
   *
   * @throws TemplateException if a text does not end, or an escape in it cannot be read
   */
  static List<Token> tokens(String source) throws TemplateException {
    Lexer lexer = new Lexer(source);
    List<Token> tokens = new ArrayList<>();
    do {
      tokens.add(lexer.next());
    } while (tokens.getLast().kind() != Kind.END);
    return tokens;
  }

  /** The error of an expression that goes on otherwise than it may. */
  static TemplateException unexpected(String source, int at, String wanted) {
    String found =
        at < source.length()
            ? "'%s'".formatted(Character.toString(source.codePointAt(at)))
            : "the end";
    return new TemplateException(
        "'%s': at character %d there should be %s, not %s"
            .formatted(source, at + 1, wanted, found));
  }

  private Token next() throws TemplateException {
    while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
      at++;
    }
    int from = at;
    if (from == source.length()) {
      return new Token(Kind.END, "", from);
    }
    char first = source.charAt(from);
    if (first == '\'' || first == '"') {
      return new Token(Kind.TEXT, quoted(first), from);
    }
    if (isDigit(first)) {
      while (at < source.length() && isDigit(source.charAt(at))) {
        at++;
      }
      return new Token(Kind.NUMBER, source.substring(from, at), from);
    }
    if (isLetter(first)) {
      while (at < source.length() && (isLetter(source.charAt(at)) || isDigit(source.charAt(at)))) {
        at++;
      }
      return new Token(Kind.NAME, source.substring(from, at), from);
    }
    at += Character.charCount(source.codePointAt(from));
    return new Token(Kind.SIGN, source.substring(from, at), from);
  }

  private String quoted(char quote) throws TemplateException {
    int from = at;
    for (int i = from + 1; i < source.length(); i++) {
      if (source.charAt(i) == '\\') {
        i++;
      } else if (source.charAt(i) == quote) {
        at = i + 1;
        return Escapes.resolve(source.substring(from + 1, i));
      }
    }
    throw unexpected(source, from, "the end of the text");
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetter(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
  }
}
