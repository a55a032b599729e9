package org.mixtureofmasks.template;

/**
 * Backslashes in quoted texts, which mean what they mean in Python: Jinja decodes its strings by
 * Python's unicode-escape. A backslash before any other character stands for itself.
 */
final class Escapes {
  private static final int OCTAL_DIGITS = 3;

  private final String text;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private Escapes(String text) {
    this.text = text;
  }

  /**
   * The text that is meant, read from left to right: {@code \\n} is a backslash and an n.
   *
   * @throws TemplateException if digits of a \x, \\u or \U are missing or mean no character
   */
  static String resolve(String text) throws TemplateException {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    Escapes escapes = new Escapes(text);
    while (escapes.at < text.length()) {
      escapes.step();
    }
    return escapes.out.toString();
  }

  private void step() throws TemplateException {
    char c = text.charAt(at++);
    if (c != '\\' || at == text.length()) {
      out.append(c);
      return;
    }
    char escaped = text.charAt(at++);
    switch (escaped) {
      case '\\', '\'', '"' -> out.append(escaped);
      case '\n' -> {} // the line goes on
      case 'n' -> out.append('\n');
      case 't' -> out.append('\t');
      case 'r' -> out.append('\r');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'a' -> out.append((char) 0x07);
      case 'v' -> out.append((char) 0x0b);
      case '0', '1', '2', '3', '4', '5', '6', '7' -> octal();
      case 'x' -> hexadecimal(escaped, 2);
      case 'u' -> hexadecimal(escaped, 4);
      case 'U' -> hexadecimal(escaped, 8);
      default -> out.append(c).append(escaped);
    }
  }

  private void octal() {
    int from = --at;
    while (at < text.length()
        && at < from + OCTAL_DIGITS
        && text.charAt(at) >= '0'
        && text.charAt(at) <= '7') {
      at++;
    }
    out.append((char) Integer.parseInt(text.substring(from, at), 8));
  }

  private void hexadecimal(char kind, int digits) throws TemplateException {
    String code = text.substring(at, Math.min(text.length(), at + digits));
    if (!code.matches("[0-9A-Fa-f]{%d}".formatted(digits))
        || Long.parseLong(code, 16) > Character.MAX_CODE_POINT) {
      throw new TemplateException(
          "'%s': \\%s needs %d hexadecimal digits of a character".formatted(text, kind, digits));
    }
    at += digits;
    out.appendCodePoint(Integer.parseInt(code, 16));
  }
}
