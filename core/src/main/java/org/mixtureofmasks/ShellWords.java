package org.mixtureofmasks;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

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

  /**
   * Makes a command line of words.
   *
   * @param words program, arguments and paths, as they are
   * @return all of them with blanks between, quoted where they must be
   */
  public static String command(Object... words) {
    return Arrays.stream(words)
        .map(word -> word instanceof Path path ? quote(path) : quote(word.toString()))
        .collect(Collectors.joining(" "));
  }
}
