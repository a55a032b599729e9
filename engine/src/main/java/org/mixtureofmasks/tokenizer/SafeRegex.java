package org.mixtureofmasks.tokenizer;

/**
 * Judges a file's regular expression by its form. The library matches by backtracking and panics
 * when one match takes ten million steps: {@code (a+)+$} gets there with thirty letters. What is
 * accepted can take at most quadratic time.
 */
final class SafeRegex {
  private static final int LENGTH_LIMIT = 8192;

  /** What follows the backslash of a reference to a group. */
  private static final String BACK = "123456789kg";

  private static final int NONE = 0;
  private static final int OPTIONAL = 1;
  private static final int UNBOUNDED = 2;

  private final String pattern;
  private int at;

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
    return new SafeRegex(pattern).walk();
  }

  private String walk() {
    int depth = 0; // of groups
    int open = 0; // unbounded repetitions in the present alternative
    while (at < pattern.length()) {
      char c = pattern.charAt(at);
      if (c == '|' || c == '(') {
        depth += c == '(' ? 1 : 0;
        open = depth == 0 ? 0 : open;
        at++;
        continue;
      }
      if (c == '\\' && at + 1 < pattern.length() && BACK.indexOf(pattern.charAt(at + 1)) >= 0) {
        return "refers back to a group; such patterns can take exponential time";
      }
      depth -= c == ')' ? 1 : 0;
      skipItem(c);
      int repetition = repetition();
      if (repetition == UNBOUNDED && c == ')') {
        return "repeats a group; such patterns can take exponential time";
      }
      // With two repetitions before it, a failure here makes the matcher try every split.
      boolean canFail = repetition == NONE && depth == 0 && open == 2;
      open += repetition == UNBOUNDED ? 1 : 0;
      if (canFail || open > 2) {
        return "has too many repetitions in a row; such patterns can take cubic time";
      }
    }
    return null;
  }

  /** Steps over one character, escape or class. */
  private void skipItem(char c) {
    if (c == '\\') {
      at = Math.min(at + 2, pattern.length());
      if (at < pattern.length()
          && pattern.charAt(at) == '{'
          && "pPx".indexOf(pattern.charAt(at - 1)) >= 0) {
        int end = pattern.indexOf('}', at);
        at = end < 0 ? pattern.length() : end + 1;
      }
    } else if (c == '[') {
      skipClass();
    } else {
      at++;
    }
  }

  /** Classes nest in this dialect, and a ']' right after the opening is a member. */
  private void skipClass() {
    int depth = 0;
    do {
      char c = pattern.charAt(at);
      if (c == '\\') {
        at++;
      } else if (c == '[') {
        depth++;
        if (pattern.startsWith("]", at + 1) || pattern.startsWith("^]", at + 1)) {
          at += pattern.charAt(at + 1) == '^' ? 2 : 1;
        }
      } else if (c == ']') {
        depth--;
      }
      at++;
    } while (depth > 0 && at < pattern.length());
  }

  /** Steps over the quantifiers after an item and says what they allow. */
  private int repetition() {
    int found = NONE;
    while (at < pattern.length()) {
      char c = pattern.charAt(at);
      if (c == '*' || c == '+') {
        found = UNBOUNDED;
      } else if (c == '?') {
        found = Math.max(found, OPTIONAL);
      } else if (c == '{' && pattern.indexOf('}', at) > 0) {
        int end = pattern.indexOf('}', at);
        String bounds = pattern.substring(at + 1, end);
        boolean small = bounds.matches("[0-9]|[0-9]?,[0-9]"); // {1,3} and the like
        found = small ? found : UNBOUNDED;
        at = end;
      } else {
        break;
      }
      at++;
    }
    return found;
  }
}
