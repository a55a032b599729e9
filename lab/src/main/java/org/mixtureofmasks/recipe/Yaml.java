package org.mixtureofmasks.recipe;

/** Numbers and texts as resolved recipes write them. */
final class Yaml {
  private Yaml() {}

  /** The shortest form that reads back as the same double: 0.0004, not 4.0E-4. */
  static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return Long.toString((long) value);
    }
    return Math.abs(value) < 1e-6
        ? Double.toString(value).replace("E", "e")
        : new java.math.BigDecimal(Double.toString(value)).toPlainString();
  }

  /** Double-quoted where plain text could be read as something else. */
  static String quoted(String text) {
    return text.matches("[A-Za-z/][\\w./+-]*")
        ? text
        : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
