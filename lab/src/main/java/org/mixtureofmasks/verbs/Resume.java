package org.mixtureofmasks.verbs;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.mixtureofmasks.cli.Verb;
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
    description = "Goes on with a run from its newest checkpoint, as if it had never been stopped.")
public final class Resume implements Verb {
  @Parameters(index = "0", paramLabel = "RUN", description = "A folder that mom sparsify began.")
  private Path run;

  @Option(names = "--json", description = "One JSON object on stdout.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    try (RunProgress progress =
        new RunProgress(spec.commandLine().getErr(), "reading %s".formatted(run))) {
      RunReport report = new RunReport(progress, Optional.empty());
      try (Trainer trainer = Trainer.resume(run, report.listener())) {
        return report.finish(trainer, spec.commandLine().getOut(), json);
      } catch (CancellationException e) {
        return progress.stoppedBeforeTraining(run);
      }
    }
  }
}
