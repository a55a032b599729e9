package org.mixtureofmasks.cli;

import java.util.Arrays;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The completion of fish: one {@code complete} for each verb and for each option of it. */
final class FishCompletion {
  private FishCompletion() {}

  /** The whole script for a command with subcommands. */
  static String script(CommandSpec root) {
    StringBuilder script = new StringBuilder("# fish completion for mom\n");
    for (CommandLine line : root.subcommands().values()) {
      CommandSpec verb = line.getCommandSpec();
      script
          .append("complete -c mom -f -n __fish_use_subcommand -a ")
          .append(verb.name())
          .append(" -d ")
          .append(quoted(firstSentence(verb.usageMessage().description())))
          .append('\n');
      for (OptionSpec option : verb.options()) {
        if (!option.hidden()) {
          script.append(complete(verb, option)).append('\n');
        }
      }
    }
    return script.toString();
  }

  private static String complete(CommandSpec verb, OptionSpec option) {
    StringBuilder line =
        new StringBuilder(
            "complete -c mom -n '__fish_seen_subcommand_from %s'".formatted(verb.name()));
    for (String name : option.names()) {
      line.append(name.startsWith("--") ? " -l " : " -s ").append(name.replaceFirst("^-+", ""));
    }
    if (option.arity().max() > 0) {
      line.append(" -r"); // it takes a value: a file, unless the values are known
      if (option.completionCandidates() != null) {
        String values = String.join(" ", option.completionCandidates());
        line.append(" -f -a ").append(quoted(values.toLowerCase(Locale.ROOT)));
      }
    }
    return line.append(" -d ").append(quoted(firstSentence(option.description()))).toString();
  }

  /** What is said before the first full stop, colon or semicolon. */
  private static String firstSentence(String[] description) {
    String text = String.join(" ", Arrays.asList(description));
    return text.replaceFirst("(?s)[.:;](\\s.*|$)", "");
  }

  private static String quoted(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
