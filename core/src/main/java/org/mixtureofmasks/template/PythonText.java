package org.mixtureofmasks.template;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Python's idea of white space, on which the harness's results depend: {@code str.isspace} and
 * {@code \s} know the separators U+001C..U+001F and the no-break spaces, Java's do not.
 */
public final class PythonText {
  /** For use inside a regex: one white-space character. */
  public static final String SPACE =
      "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";

  private static final Pattern SPACES = Pattern.compile(SPACE + "+");
  private static final Pattern LEADING = Pattern.compile("\\A" + SPACE + "+");
  private static final Pattern TRAILING = Pattern.compile(SPACE + "+\\z");
  private static final Pattern EDGES = Pattern.compile("\\A" + SPACE + "+|" + SPACE + "+\\z");

  private PythonText() {}

  /**
   * {@code len(re.split(r"\s+", text))}: empty pieces at the edges count.
   *
   * @param text any
   * @return pieces
   */
  public static int words(String text) {
    return SPACES.split(text, -1).length;
  }

  /**
   * {@code str.rstrip()}.
   *
   * @param text any
   * @return without white space at its end
   */
  public static String stripTrailing(String text) {
    return TRAILING.matcher(text).replaceFirst("");
  }

  /**
   * {@code str.strip()}.
   *
   * @param text any
   * @return without white space at its edges
   */
  public static String strip(String text) {
    return EDGES.matcher(text).replaceAll("");
  }

  /**
   * {@code str.lstrip()}.
   *
   * @param text any
   * @return without white space at its beginning
   */
  public static String stripLeading(String text) {
    return LEADING.matcher(text).replaceFirst("");
  }

  /**
   * {@code str.capitalize()}: the first character in title case, the <b>rest in lower case</b>. A
   * capital sigma at the end of a word becomes a final one, as in Python.
   *
   * @param text any
   * @return capitalised
   */
  public static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    String head = Character.toString(first);
    String lowered = text.toLowerCase(Locale.ROOT);
    return titleCase(first) + lowered.substring(head.toLowerCase(Locale.ROOT).length());
  }

  /** Java has single title-case characters only; where it needs several: upper case, then lower. */
  private static String titleCase(int character) {
    int title = Character.toTitleCase(character);
    String upper = Character.toString(character).toUpperCase(Locale.ROOT);
    int length = Character.charCount(upper.codePointAt(0));
    return upper.length() == length || title != character || Character.isTitleCase(character)
        ? Character.toString(title)
        : upper.substring(0, length) + upper.substring(length).toLowerCase(Locale.ROOT);
  }
}
