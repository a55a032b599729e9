package org.mixtureofmasks.verbs;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.mixtureofmasks.cli.Verb;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.train.RunForecast;
import org.mixtureofmasks.train.Trainer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mom resume}: goes on with a run that was stopped, to the same bits. */
@Command(
    name = "resume",
    mixinStandardHelpOptions = true,
    description = "Goes on with a run from its newest checkpoint, as if it had never been stopped.",
    footer = {
      "",
      "Examples:",
      "  mom resume run",
      "  mom resume run --json",
      "",
      "RUN holds its recipe; nothing else is needed."
    })
public final class Resume implements Verb {
  @Parameters(index = "0", paramLabel = "RUN", description = "A folder that mom sparsify began.")
  private Path run;

  @Option(
      names = "--no-verdict",
      description = "Do not judge the finished model beside the dense one on held-out text.")
  private boolean noVerdict;

  @Option(names = "--json", description = "One JSON object on stdout.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    try (RunProgress progress =
        new RunProgress(spec.commandLine().getErr(), "reading %s".formatted(run))) {
      RunForecast forecast = RunForecast.ofResumed(run);
      forecast.require(Machine.here(run));
      RunReport report = new RunReport(progress, Optional.of(forecast.ledger()));
      try (Trainer trainer = Trainer.resume(run, report.listener())) {
        return report.finish(
            trainer,
            noVerdict ? Optional.empty() : Judging.of(trainer.recipe()),
            spec.commandLine().getOut(),
            json);
      } catch (CancellationException e) {
        return progress.stoppedBeforeTraining(run);
      }
    }
  }
}
