package org.mixtureofmasks.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine;

/**
 * Options whose value is a text of any kind, "--json" and "--" not left out. picocli takes such a
 * word for an option even in {@code --prompt=--json}, so it gets a character in front that no
 * argument can have; as the options' converter this class takes it off again.
 */
final class AnyText implements CommandLine.ITypeConverter<String> {
  private static final Set<String> OPTIONS = Set.of("--prompt", "--stop");
  private static final String SHIELD = "\0";

  /** A command line in which each of these options and its text are one word. */
  static String[] shielded(String... args) {
    List<String> out = new ArrayList<>();
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals("--")) {
        out.addAll(List.of(args).subList(i, args.length)); // no options any more
        break;
      }
      int equals = args[i].indexOf('=');
      if (OPTIONS.contains(args[i]) && i + 1 < args.length) {
        out.add("%s=%s%s".formatted(args[i], SHIELD, args[++i]));
      } else if (equals > 0 && OPTIONS.contains(args[i].substring(0, equals))) {
        out.add(args[i].substring(0, equals + 1) + SHIELD + args[i].substring(equals + 1));
      } else {
        out.add(args[i]);
      }
    }
    return out.toArray(String[]::new);
  }

  @Override
  public String convert(String word) {
    return word.startsWith(SHIELD) ? word.substring(SHIELD.length()) : word;
  }
}
