package org.mixtureofmasks.io;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Commands that a person can paste into sh, bash or zsh. */
public final class ShellWords {
  private static final Pattern PLAIN =
      Pattern.compile("[A-Za-z0-9_./:,@%+-][A-Za-z0-9_./:,@%+=-]*");

  private ShellWords() {}

  /**
   * {@return the words as one command line}
   *
   * @param words program and arguments, not quoted
   */
  public static String command(Object... words) {
    return Arrays.stream(words).map(w -> quote(w.toString())).collect(Collectors.joining(" "));
  }

  /**
   * {@return a word as a shell reads it back: in single quotes where a character means something}
   *
   * @param word any text
   */
  public static String quote(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
