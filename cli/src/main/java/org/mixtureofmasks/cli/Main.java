package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Json;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line {@code mom}: finds its verbs, turns errors into one line and an exit code. */
@Command(
    name = "mom",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "VERB",
    description =
        "Mixture of Masks: makes dense language models sparse, proves what they kept, and runs them.",
    footer = {
      "",
      "First steps:",
      "  mom demo                   end to end on a small embedded model, one table at the end",
      "  mom inspect MODEL          what a model is and what it needs",
      "  mom VERB --help            what a verb does, with examples",
      "",
      "MODEL is a Hugging Face folder, a .gguf file or a llama2.c .bin file.",
      "Exit codes: 0 done, 1 failed, 2 wrong usage. With --json an error is an object on stdout too:",
      "{\"error\": {\"message\": TEXT, \"exit_code\": 1 or 2}}."
    })
public final class Main implements Runnable {
  /** Examples in the help fit into this many columns. */
  private static final int HELP_COLUMNS = 100;

  /**
   * Held, for a level is forgotten with its logger: it reads parquet, and tells of codecs at INFO.
   */
  private static final Logger PARQUET = Logger.getLogger("dev.hardwood");

  static {
    PARQUET.setLevel(Level.WARNING);
  }

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show the stack trace of an error.")
  private boolean debug;

  @picocli.CommandLine.Spec private picocli.CommandLine.Model.CommandSpec spec;

  /** Runs one command line and ends the JVM with its exit code. */
  public static void main(String[] args) {
    Terminal.watchStdout();
    System.exit(Terminal.atEnd(start(args)));
  }

  /** As {@link #run}, of arguments as the system gives them, in a process of its own. */
  static int start(String... args) {
    try (StartAhead _ = new StartAhead(args)) {
      return run(TypedArguments.of(args));
    }
  }

  /** Runs one command line; returns the exit code. */
  public static int run(String... args) {
    Main main = new Main();
    CommandLine line = commandLine(main, args);
    line.setUsageHelpWidth(HELP_COLUMNS);
    line.setExpandAtFiles(false); // a value may begin with @
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionExceptionHandler(main::report);
    line.setParameterExceptionHandler(Main::misused);
    String[] shielded = AnyText.shielded(args);
    Optional<UnmatchedArgumentException> unknown = Misuse.unknownVerb(line, args);
    return unknown.isPresent() ? misused(unknown.get(), args) : line.execute(shielded);
  }

  /** With all verbs: for what tells of all of them. */
  static CommandLine whole() {
    return commandLine(new Main());
  }

  /** With the verb that the first argument names, if one is; else with all of them. */
  private static CommandLine commandLine(Main main, String... args) {
    CommandLine line = new CommandLine(main);
    List<ServiceLoader.Provider<Verb>> verbs = ServiceLoader.load(Verb.class).stream().toList();
    // Reading all verbs' options takes longer than mapping a model.
    verbs.stream()
        .filter(verb -> args.length > 0 && args[0].equals(name(verb.type())))
        .findFirst()
        .map(List::of)
        .orElse(verbs)
        .forEach(verb -> line.addSubcommand(verb.get()));
    return line;
  }

  private static String name(Class<? extends Verb> verb) {
    return verb.getAnnotation(Command.class).name();
  }

  /** Without a verb: the help. */
  @Override
  public void run() {
    spec.commandLine().usage(System.out);
  }

  private int report(Exception error, CommandLine command, ParseResult parsed) throws Exception {
    int exit = error instanceof UserError user ? user.exitCode() : UserError.FAILED;
    String message =
        error instanceof UserError known
            ? known.getMessage()
            : "unexpected " + error + " (a fault of this program; --debug shows where it arose)";
    tell(message, exit, command, parsed.expandedArgs());
    if (debug) {
      throw error;
    }
    return exit;
  }

  private static int misused(ParameterException error, String[] args) {
    CommandLine command = error.getCommandLine();
    if (error instanceof UnmatchedArgumentException unmatched
        && command.getParent() == null
        && LabVerbs.NAMES.contains(unmatched.getUnmatched().getFirst())) {
      String verb = unmatched.getUnmatched().getFirst();
      tell(LabVerbs.missing(verb), UserError.FAILED, command, List.of(args));
      return UserError.FAILED;
    }
    tell(Misuse.sentence(error), UserError.USAGE, command, List.of(args));
    command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return UserError.USAGE;
  }

  /** One line on stderr; for a script that reads JSON also the one object on stdout. */
  private static void tell(String message, int exit, CommandLine command, List<String> args) {
    command.getErr().println("mom: " + message);
    // What failed may be stdout itself.
    if (args.contains("--json") && !System.out.checkError()) {
      ObjectNode json = Json.object();
      json.putObject("error").put("message", message).put("exit_code", exit);
      Terminal.json(json);
    }
  }
}
