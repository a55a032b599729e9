package org.mixtureofmasks;

import java.nio.file.Path;
import java.util.regex.Pattern;

/** Commands in messages, to be pasted into a shell. */
public final class ShellWords {
  /** What sh, bash and zsh all take as it is. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./:@%+,-]+");

  private ShellWords() {}

  /**
   * A word of a command.
   *
   * @param word any text
   * @return the word, quoted if sh, bash or zsh would take it for anything else
   */
  public static String quote(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  /**
   * A path in a command.
   *
   * @param path any
   * @return the path, quoted where it must be; one that begins with a hyphen is no option
   */
  public static String quote(Path path) {
    String word = path.toString();
    return quote(word.startsWith("-") ? "./" + word : word);
  }
}
