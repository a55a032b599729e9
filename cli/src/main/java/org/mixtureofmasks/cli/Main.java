package org.mixtureofmasks.cli;

import java.util.List;
import java.util.ServiceLoader;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.mixtureofmasks.UserError;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

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
      "  mom demo                   the whole way on a small embedded model, one table at the end",
      "  mom inspect MODEL          what a model is and what it needs",
      "  mom VERB --help            what a verb does, with examples",
      "",
      "MODEL is a Hugging Face folder, a .gguf file or a llama2.c .bin file.",
      "Exit codes: 0 done, 1 failed, 2 wrong usage."
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
    System.exit(Terminal.atEnd(run(TypedArguments.of(args))));
  }

  /** Runs one command line; returns the exit code. */
  public static int run(String... args) {
    Main main = new Main();
    CommandLine line = new CommandLine(main);
    ServiceLoader.load(Verb.class).stream()
        .map(ServiceLoader.Provider::get)
        .forEach(line::addSubcommand);
    if (args.length > 0
        && LabVerbs.NAMES.contains(args[0])
        && !line.getSubcommands().containsKey(args[0])) {
      line.getErr().println("mom: " + LabVerbs.missing(args[0]));
      return UserError.FAILED;
    }
    line.setUsageHelpWidth(HELP_COLUMNS);
    line.setExpandAtFiles(false); // a value may begin with @
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionExceptionHandler((e, command, parsed) -> main.report(e, command));
    line.setParameterExceptionHandler(Main::misused);
    return line.execute(AnyText.shielded(args));
  }

  /** Without a verb: the help. */
  @Override
  public void run() {
    spec.commandLine().usage(System.out);
  }

  private int report(Exception error, CommandLine command) throws Exception {
    if (debug) {
      throw error;
    }
    String message =
        error instanceof UserError
            ? error.getMessage()
            : "unexpected " + error + " (a fault of this program; --debug shows where it arose)";
    command.getErr().println("mom: " + message);
    return error instanceof UserError known ? known.exitCode() : UserError.FAILED;
  }

  private static int misused(CommandLine.ParameterException error, String[] args) {
    CommandLine command = error.getCommandLine();
    command.getErr().println("mom: " + error.getMessage());
    List<String> near = suggestions(error);
    if (!near.isEmpty()) {
      command.getErr().println("Did you mean " + String.join(" or ", near) + "?");
    }
    command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return UserError.USAGE;
  }

  private static List<String> suggestions(CommandLine.ParameterException error) {
    return error instanceof CommandLine.UnmatchedArgumentException unmatched
        ? unmatched.getSuggestions()
        : List.of();
  }
}
