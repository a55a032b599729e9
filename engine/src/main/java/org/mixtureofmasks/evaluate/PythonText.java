package org.mixtureofmasks.evaluate;

import java.util.regex.Pattern;

/**
 * Python's idea of white space, on which the harness's results depend: {@code str.isspace} and
 * {@code \s} know the separators U+001C..U+001F and the no-break spaces, Java's do not.
 */
final class PythonText {
  /** For use inside a regex: one white-space character. */
  static final String SPACE =
      "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";

  private static final Pattern SPACES = Pattern.compile(SPACE + "+");
  private static final Pattern TRAILING = Pattern.compile(SPACE + "+\\z");
  private static final Pattern EDGES = Pattern.compile("\\A" + SPACE + "+|" + SPACE + "+\\z");

  private PythonText() {}

  /** {@code len(re.split(r"\s+", text))}: empty pieces at the edges count. */
  static int words(String text) {
    return SPACES.split(text, -1).length;
  }

  /** {@code str.rstrip()}. */
  static String stripTrailing(String text) {
    return TRAILING.matcher(text).replaceFirst("");
  }

  /** {@code str.strip()}. */
  static String strip(String text) {
    return EDGES.matcher(text).replaceAll("");
  }
}
