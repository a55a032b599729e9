package org.mixtureofmasks.tokenizer;

/**
 * Judges a file's regular expression by its form. The library matches by backtracking (Oniguruma)
 * and panics when one match takes ten million steps: {@code (a+)+$} gets there with thirty letters.
 * It panics, too, when a Replace matches nothing. What is accepted takes at most quadratic time,
 * and every match has a character.
 */
final class SafeRegex {
  private static final int LENGTH_LIMIT = 8192;
  private static final int DEPTH_LIMIT = 50;

  /** What follows the backslash of an anchor, and of a reference to a group. */
  private static final String ANCHORS = "bBAzZGyYK";

  private static final String BACK = "123456789kg";

  /** What follows "(?" of a look around. */
  private static final String[] LOOK = {"=", "!", "<=", "<!"};

  private static final String EXPONENTIAL = "; such patterns can take exponential time";

  /** How often an item may occur. */
  private enum Times {
    ONCE,
    AT_MOST_ONCE,
    FEW_OR_NONE,
    FEW,
    ANY,
    AT_LEAST_ONCE;

    boolean optional() {
      return this == AT_MOST_ONCE || this == FEW_OR_NONE || this == ANY;
    }

    boolean unbounded() {
      return this == ANY || this == AT_LEAST_ONCE;
    }
  }

  /**
   * A part of a pattern.
   *
   * @param empty whether it can match without a character
   * @param open the most unbounded repetitions in a row
   */
  private record Shape(boolean empty, int open) {}

  private static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message, null, false, false);
    }
  }

  private final String pattern;
  private int at;
  private int depth;

  private SafeRegex(String pattern) {
    this.pattern = pattern;
  }

  /** Why the pattern is refused, as the end of a sentence; null if it is not. */
  static String fault(String pattern) {
    if (PreTokenizers.known(pattern)) {
      return null;
    }
    if (pattern.length() > LENGTH_LIMIT) {
      return "is longer than " + LENGTH_LIMIT + " characters";
    }
    try {
      SafeRegex regex = new SafeRegex(pattern);
      Shape whole = regex.alternatives();
      if (regex.at < pattern.length()) {
        return "has an unopened group";
      }
      return whole.empty() ? "can match nothing at all" : null;
    } catch (Refused e) {
      return e.getMessage();
    }
  }

  private Shape alternatives() {
    if (++depth > DEPTH_LIMIT) {
      throw new Refused("nests groups more than " + DEPTH_LIMIT + " deep");
    }
    Shape all = sequence();
    while (peek() == '|') {
      at++;
      Shape next = sequence();
      all = new Shape(all.empty() || next.empty(), Math.max(all.open(), next.open()));
    }
    depth--;
    return all;
  }

  private Shape sequence() {
    boolean empty = true;
    int open = 0;
    while (at < pattern.length() && peek() != '|' && peek() != ')') {
      boolean group = peek() == '(';
      Shape item = item();
      Times times = times();
      if (group && times.unbounded()) {
        throw new Refused("repeats a group" + EXPONENTIAL);
      }
      int more = item.open() + (times.unbounded() ? 1 : 0);
      // With two repetitions before it, a failure here makes the matcher try every split.
      if (open + more > 2 || open == 2 && !times.optional()) {
        throw new Refused("has too many repetitions in a row; such patterns can take cubic time");
      }
      open += more;
      empty &= item.empty() || times.optional();
    }
    return new Shape(empty, open);
  }

  /** One character, escape, class or group. */
  private Shape item() {
    char c = pattern.charAt(at);
    switch (c) {
      case '(' -> {
        return group();
      }
      case '[' -> skipClass();
      case '\\' -> {
        return escape();
      }
      default -> at++;
    }
    return new Shape(c == '^' || c == '$', 0);
  }

  private Shape escape() {
    char c = at + 1 < pattern.length() ? pattern.charAt(at + 1) : 0;
    if (BACK.indexOf(c) >= 0) {
      throw new Refused("refers back to a group" + EXPONENTIAL);
    }
    at = Math.min(at + 2, pattern.length());
    if ("pPx".indexOf(c) >= 0 && peek() == '{') {
      at = after('}');
    }
    return new Shape(ANCHORS.indexOf(c) >= 0, 0);
  }

  private Shape group() {
    at++;
    boolean look = false;
    if (peek() == '?') {
      at++;
      for (String kind : LOOK) {
        look |= pattern.startsWith(kind, at);
      }
      // Flags, a name, or the sign of a look around; "(?i)" ends here.
      while (at < pattern.length() && ":=!>)".indexOf(pattern.charAt(at)) < 0) {
        at++;
      }
      if (peek() == ')') {
        at++;
        return new Shape(true, 0);
      }
      at = Math.min(at + 1, pattern.length());
    }
    Shape inner = alternatives();
    if (peek() != ')') {
      throw new Refused("has an unclosed group");
    }
    at++;
    return look ? new Shape(true, inner.open()) : inner;
  }

  /** Classes nest in this dialect, and a ']' right after the opening is a member. */
  private void skipClass() {
    int nested = 0;
    do {
      char c = pattern.charAt(at);
      if (c == '\\') {
        at++;
      } else if (c == '[') {
        nested++;
        if (pattern.startsWith("]", at + 1) || pattern.startsWith("^]", at + 1)) {
          at += pattern.charAt(at + 1) == '^' ? 2 : 1;
        }
      } else if (c == ']') {
        nested--;
      }
      at++;
    } while (nested > 0 && at < pattern.length());
    at = Math.min(at, pattern.length());
  }

  /** The quantifiers after an item; a second one is taken as possessive or lazy, or multiplies. */
  private Times times() {
    Times times = Times.ONCE;
    while (true) {
      switch (peek()) {
        case '*' -> times = Times.ANY;
        case '+' -> times = times.optional() ? Times.ANY : Times.AT_LEAST_ONCE;
        case '?' -> times = times == Times.ONCE ? Times.AT_MOST_ONCE : times;
        case '{' -> {
          String bounds = pattern.substring(at + 1, Math.max(at + 1, after('}') - 1));
          boolean none = bounds.isEmpty() || bounds.matches("0+,?.*|,.*");
          boolean small = bounds.matches("[0-9]|[0-9]?,[0-9]"); // {1,3} and the like
          times = small ? none ? Times.FEW_OR_NONE : Times.FEW : Times.ANY;
          if (!small && !none) {
            times = Times.AT_LEAST_ONCE;
          }
          at = after('}') - 1;
        }
        default -> {
          return times;
        }
      }
      at++;
    }
  }

  private char peek() {
    return at < pattern.length() ? pattern.charAt(at) : 0;
  }

  /** The place after the next such character, or the end. */
  private int after(char c) {
    int end = pattern.indexOf(c, at);
    return end < 0 ? pattern.length() : end + 1;
  }
}
