package org.mixtureofmasks.template;

/**
 * A word of an expression.
 *
 * @param text a name, digits or a sign as they stand; of a text what it stands for, without quotes
 * @param at index of its first character
 */
record Token(Kind kind, String text, int at) {
  enum Kind {
    NAME,
    NUMBER,
    TEXT,
    SIGN,
    END
  }

  boolean is(String sign) {
    return kind == Kind.SIGN && text.equals(sign);
  }
}
