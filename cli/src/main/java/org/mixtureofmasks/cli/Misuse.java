package org.mixtureofmasks.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * What is wrong with a command line, as a sentence with an example out of the verb's own help: the
 * parser's answer to a missing option is the grammar of all that could stand there.
 */
final class Misuse {
  private Misuse() {}

  /** The sentence, without the name of the program. */
  static String sentence(ParameterException error) {
    CommandSpec verb = error.getCommandLine().getCommandSpec();
    String said =
        switch (error) {
          case MissingParameterException missing when !missing.getMissing().isEmpty() ->
              missing(verb, missing);
          case UnmatchedArgumentException unmatched when verb.parent() == null ->
              "there is no verb '%s'".formatted(unmatched.getUnmatched().getFirst());
          default -> said(error).replaceFirst("^Error: ", "");
        };
    List<String> near =
        error instanceof UnmatchedArgumentException unmatched
            ? unmatched.getSuggestions()
            : List.of();
    return near.isEmpty() ? said : "%s: did you mean %s?".formatted(said, near.getFirst());
  }

  /**
   * The verb that was asked for and does not exist, if so: an error even beside {@code --help},
   * which is an option of each verb and of none.
   */
  static Optional<UnmatchedArgumentException> unknownVerb(CommandLine mom, String[] args) {
    return Arrays.stream(args)
        .filter(arg -> !arg.startsWith("-"))
        .findFirst()
        .filter(verb -> !mom.getSubcommands().containsKey(verb))
        .map(verb -> new UnmatchedArgumentException(mom, List.of(verb)));
  }

  private static String missing(CommandSpec verb, MissingParameterException error) {
    List<ArgSpec> missing = error.getMissing();
    ArgSpec first = missing.getFirst();
    String sentence;
    if (said(error).startsWith("Missing required parameter for option")) {
      sentence = "%s has no value: %s".formatted(longest((OptionSpec) first), described(first));
    } else {
      List<String> asked = alternatives(missing).map(Misuse::described).toList();
      boolean oneOf = first.group() != null && first.group().exclusive();
      sentence =
          "%s needs %s%s"
              .formatted(
                  verb.qualifiedName(),
                  oneOf && asked.size() > 1 ? "one of " : "",
                  joined(asked, oneOf ? " or " : " and "));
    }
    return example(verb, first)
        .map(example -> "%s; for example: %s".formatted(sentence, example))
        .orElse(sentence);
  }

  /** All of an exclusive group where the parser may name but a few of it. */
  private static Stream<ArgSpec> alternatives(List<ArgSpec> missing) {
    ArgGroupSpec group = missing.getFirst().group();
    return group != null && group.exclusive() ? group.args().stream() : missing.stream();
  }

  /** As it is typed: {@code --out DIR}, {@code MODEL}. */
  private static String described(ArgSpec arg) {
    if (!(arg instanceof OptionSpec option)) {
      return arg.paramLabel();
    }
    return option.arity().max() == 0
        ? longest(option)
        : "%s %s".formatted(longest(option), option.paramLabel());
  }

  private static String said(ParameterException error) {
    return Objects.requireNonNull(error.getMessage());
  }

  private static String longest(OptionSpec option) {
    return option.longestName();
  }

  private static String joined(List<String> words, String last) {
    int n = words.size();
    return n < 2
        ? String.join("", words)
        : String.join(", ", words.subList(0, n - 1)) + last + words.getLast();
  }

  /** The verb's first example that has the option, else its first one. */
  private static Optional<String> example(CommandSpec verb, ArgSpec missing) {
    List<String> examples = examples(verb);
    return examples.stream()
        .filter(
            example -> missing instanceof OptionSpec o && example.contains(o.longestName() + " "))
        .findFirst()
        .or(() -> examples.stream().findFirst());
  }

  /** Lines of the help that are whole commands; what explains them is set off by spaces. */
  private static List<String> examples(CommandSpec verb) {
    String command = verb.qualifiedName() + " ";
    List<String> examples = new ArrayList<>();
    String begun = "";
    for (String line : verb.usageMessage().footer()) {
      String text = begun + line.strip().replaceFirst(" {3,}.*", "");
      begun = text.endsWith("\\") ? text.substring(0, text.length() - 1) : "";
      if (begun.isEmpty() && text.startsWith(command)) {
        examples.add(text);
      }
    }
    return examples;
  }
}
