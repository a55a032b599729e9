package org.mixtureofmasks.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * Judges a file's regular expression by its form. The library matches by backtracking (Oniguruma)
 * and panics when one match takes ten million steps: {@code (a+)+$} gets there with thirty letters.
 * It panics, too, when a Replace matches nothing. What is accepted has few ways to match, so that a
 * panic takes a run of more than {@code 10^7 / 64} characters, and takes quadratic time at worst.
 */
final class SafeRegex {
  private static final int LENGTH_LIMIT = 8192;
  private static final int DEPTH_LIMIT = 50;

  /** Ways through optional items and alternatives; published patterns have up to 16. */
  private static final int CHOICES_LIMIT = 64;

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

    boolean few() {
      return this == FEW || this == FEW_OR_NONE;
    }

    boolean unbounded() {
      return this == ANY || this == AT_LEAST_ONCE;
    }
  }

  /**
   * A part of a pattern.
   *
   * @param empty whether it can match without a character
   * @param open the most unbounded repetitions in a row, those before it included
   * @param choices in how many ways it can match, repetitions aside
   */
  private record Shape(boolean empty, int open, int choices) {}

  private static final class UnsafePattern extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnsafePattern(String message) {
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
  static @Nullable String fault(String pattern) {
    if (PreTokenizers.known(pattern)) {
      return null;
    }
    if (pattern.length() > LENGTH_LIMIT) {
      return "is longer than " + LENGTH_LIMIT + " characters";
    }
    try {
      SafeRegex regex = new SafeRegex(pattern);
      Shape whole = regex.alternatives(0);
      if (regex.at < pattern.length()) {
        return "has an unopened group";
      }
      return whole.empty() ? "can match nothing at all" : null;
    } catch (UnsafePattern e) {
      return e.getMessage();
    }
  }

  /**
   * @param open unbounded repetitions before these alternatives
   */
  private Shape alternatives(int open) {
    if (++depth > DEPTH_LIMIT) {
      throw new UnsafePattern("nests groups more than " + DEPTH_LIMIT + " deep");
    }
    Shape all = sequence(open);
    while (peek() == '|') {
      at++;
      Shape next = sequence(open);
      all =
          new Shape(
              all.empty() || next.empty(),
              Math.max(all.open(), next.open()),
              all.choices() + next.choices());
    }
    depth--;
    return all;
  }

  private Shape sequence(int before) {
    boolean empty = true;
    int open = before;
    int choices = 1;
    while (at < pattern.length() && peek() != '|' && peek() != ')') {
      boolean group = peek() == '(';
      Shape item = item(open);
      Times times = times();
      if (group && (times.unbounded() || times.few())) {
        throw new UnsafePattern("repeats a group" + EXPONENTIAL);
      }
      // With two repetitions before it, a failure here makes the matcher try every split.
      boolean canFail = open == 2 && !times.optional();
      open = item.open() + (times.unbounded() ? 1 : 0);
      if (open > 2 || canFail) {
        throw new UnsafePattern(
            "has too many repetitions in a row; such patterns can take cubic time");
      }
      choices *= times.few() ? 10 : item.choices() + (times == Times.AT_MOST_ONCE ? 1 : 0);
      // Of the whole pattern's alternatives only one is tried at a time and place.
      if (choices > CHOICES_LIMIT) {
        throw new UnsafePattern("can match in too many ways" + EXPONENTIAL);
      }
      empty &= item.empty() || times.optional();
    }
    return new Shape(empty, open, choices);
  }

  /** One character, escape, class or group. */
  private Shape item(int open) {
    char c = pattern.charAt(at);
    switch (c) {
      case '(' -> {
        return group(open);
      }
      case '[' -> skipClass();
      case '\\' -> {
        return escape(open);
      }
      default -> at++;
    }
    return new Shape(c == '^' || c == '$', open, 1);
  }

  private Shape escape(int open) {
    char c = at + 1 < pattern.length() ? pattern.charAt(at + 1) : 0;
    if (BACK.indexOf(c) >= 0) {
      throw new UnsafePattern("refers back to a group" + EXPONENTIAL);
    }
    at = Math.min(at + 2, pattern.length());
    if ("pPx".indexOf(c) >= 0 && peek() == '{') {
      at = after('}');
    }
    return new Shape(ANCHORS.indexOf(c) >= 0, open, 1);
  }

  private Shape group(int open) {
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
        return new Shape(true, open, 1);
      }
      at = Math.min(at + 1, pattern.length());
    }
    Shape inner = alternatives(open);
    if (peek() != ')') {
      throw new UnsafePattern("has an unclosed group");
    }
    at++;
    return look ? new Shape(true, inner.open(), inner.choices()) : inner;
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

  /** The quantifier after an item, with the sign that makes it lazy or possessive. */
  private Times times() {
    Times times =
        switch (peek()) {
          case '*' -> Times.ANY;
          case '+' -> Times.AT_LEAST_ONCE;
          case '?' -> Times.AT_MOST_ONCE;
          case '{' -> bounds(pattern.substring(at + 1, Math.max(at + 1, after('}') - 1)));
          default -> Times.ONCE;
        };
    if (times == Times.ONCE) {
      return times;
    }
    boolean braces = peek() == '{';
    at = braces ? after('}') : at + 1;
    // Possessive braces do not exist in this dialect: {1,3}+ repeats a repetition.
    if (peek() == '?' || peek() == '+' && !braces) {
      at++;
    }
    if (peek() != 0 && "*+?{".indexOf(peek()) >= 0) {
      throw new UnsafePattern("repeats a repetition" + EXPONENTIAL);
    }
    return times;
  }

  private static Times bounds(String bounds) {
    boolean none = bounds.isEmpty() || bounds.matches("0+(,.*)?|,.*");
    if (bounds.matches("[0-9]|[0-9]?,[0-9]")) { // {1,3} and the like
      return none ? Times.FEW_OR_NONE : Times.FEW;
    }
    return none ? Times.ANY : Times.AT_LEAST_ONCE;
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
