package org.mixtureofmasks.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The arguments as they were typed. Java reads them by the locale, and in one of ASCII each byte
 * beyond it becomes U+FFFD; the kernel still has the bytes. (The launcher sets a locale of UTF-8;
 * this is for those who start java themselves.)
 */
final class TypedArguments {
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
  private static final String DAMAGED = "\uFFFD";

  private TypedArguments() {}

  /** The arguments, mended where they are damaged and the kernel tells them. */
  static String[] of(String[] args) {
    String encoding = System.getProperty("sun.jnu.encoding");
    boolean damaged = Arrays.stream(args).anyMatch(arg -> arg.contains(DAMAGED));
    if (!damaged || "UTF-8".equals(encoding) || !Files.isReadable(COMMAND_LINE)) {
      return args;
    }
    String[] typed;
    try {
      typed = mended(args, Files.readAllBytes(COMMAND_LINE));
    } catch (IOException e) {
      Terminal.note("mom: arguments beyond ASCII are lost: %s; set LC_ALL=C.UTF-8".formatted(e));
      return args;
    }
    Terminal.note(
        "mom: the locale knows ASCII alone (%s), so that files with such names cannot be opened:"
                .formatted(encoding)
            + " set LC_ALL=C.UTF-8");
    return typed;
  }

  /**
   * The last arguments of a command line, as UTF-8.
   *
   * @param args as Java has them
   * @param commandLine all arguments of the process, each with a zero byte after it
   * @return the same arguments undamaged; as they are where the two do not fit together
   */
  static String[] mended(String[] args, byte[] commandLine) {
    String all = new String(commandLine, StandardCharsets.UTF_8);
    List<String> words = List.of(all.split("\0", -1));
    int first = words.size() - 1 - args.length; // behind the last zero there is an empty one
    if (first < 0) {
      return args;
    }
    String[] typed = words.subList(first, first + args.length).toArray(String[]::new);
    for (int i = 0; i < args.length; i++) {
      if (!args[i].contains(DAMAGED) && !args[i].equals(typed[i])) {
        return args;
      }
    }
    return typed;
  }
}
