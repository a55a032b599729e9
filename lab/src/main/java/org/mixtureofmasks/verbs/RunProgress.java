package org.mixtureofmasks.verbs;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.cli.ProgressLine;
import org.mixtureofmasks.cli.StopSignal;
import org.mixtureofmasks.ledger.Ledger;
import org.mixtureofmasks.ledger.Phase;
import org.mixtureofmasks.train.RunPhase;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;
import org.mixtureofmasks.train.Validation;

/**
 * A run on stderr, from its recipe to its model: how far it is, and what Ctrl-C does to it. Within
 * training that ends the run after the step that is going on, saved; before it, at the next layer
 * or pass, with nothing kept.
 */
final class RunProgress implements TrainingListener, AutoCloseable {
  private final ProgressLine line;
  private final Optional<StopSignal> signal;

  /** Seconds of phases; empty before there is a forecast. */
  private Optional<Ledger> forecast = Optional.empty();

  /** When the phase would be over by the forecast, System.nanoTime; NaN where nobody can tell. */
  private double predictedEnd = Double.NaN;

  private volatile @Nullable RunPhase phase;
  private volatile @Nullable Trainer trainer;
  private volatile boolean stopping;
  private boolean stepped;

  /** A part of something larger, which has its own answer to Ctrl-C. */
  RunProgress(ProgressLine line) {
    this.line = line;
    this.signal = Optional.empty();
  }

  /**
   * Begins to show a run.
   *
   * @param first what is done before it
   */
  RunProgress(PrintWriter err, String first) {
    this.line = ProgressLine.start(err, first, "");
    this.signal = Optional.of(new StopSignal(this::stop));
  }

  /** From now on phases whose own pace is not known yet have the time that was predicted. */
  void expect(Ledger ledger) {
    forecast = Optional.of(ledger);
  }

  /** From now on Ctrl-C asks the training to end. */
  void training(Trainer going) {
    trainer = going;
    if (stopping) {
      going.stop();
    }
  }

  /** Whether it was asked to end: after the last step too, the model is left for later. */
  boolean stopping() {
    return stopping;
  }

  /** What there is of a run that was stopped before its first step; the exit code. */
  int stoppedBeforeTraining(Path run) {
    note(
        "stopped before the first step: nothing is kept but the recipe; 'mom resume %s' begins again"
            .formatted(run));
    return UserError.FAILED;
  }

  /** Asks the run to end; says what is waited for. */
  StopSignal.Answer stop() {
    Trainer going = trainer;
    RunPhase at = phase;
    if (at == null || at == RunPhase.LOAD || at == RunPhase.PACK) {
      return StopSignal.Answer.now("stopped: nothing was written");
    }
    if (at == RunPhase.JUDGE) {
      return StopSignal.Answer.now("stopped: the model is written, only the verdict is missing");
    }
    if (at == RunPhase.COMPILE) {
      return StopSignal.Answer.now(
          "stopped: every step is saved; 'mom resume' makes the masks and the model");
    }
    stopping = true;
    if (going != null) {
      going.stop();
    }
    String what =
        switch (at) {
          case TRAIN -> "finishing step %d".formatted(line.done() + 1);
          case SAVE -> "finishing the checkpoint";
          case VALIDATE -> "finishing the validation";
          default -> "stopping the preparation";
        };
    String left =
        line.next().isPresent()
            ? ", about %d s".formatted(Math.max(1, Math.round(line.next().getAsDouble())))
            : "";
    return StopSignal.Answer.afterwards(what + left);
  }

  @Override
  public void phase(RunPhase next) {
    if (next == phase) {
      return;
    }
    phase = next;
    line.begin(words(next), unit(next));
    double seconds =
        forecast.stream()
            .flatMap(ledger -> ledger.phases().stream())
            .filter(predicted -> predicted.name().equals(next.word()))
            .mapToDouble(Phase::seconds)
            .findFirst()
            .orElse(Double.NaN);
    predictedEnd = System.nanoTime() + seconds * 1e9;
    line.expect(seconds);
  }

  private static String words(RunPhase phase) {
    return switch (phase) {
      case LOAD -> "loading the model";
      case PACK -> "packing the texts";
      case PREPARE -> "preparing the method";
      case VALIDATE -> "validating";
      case TRAIN -> "training";
      case SAVE -> "saving";
      case COMPILE -> "compiling";
      case JUDGE -> "judging both models";
    };
  }

  private static String unit(RunPhase phase) {
    return switch (phase) {
      case LOAD -> "tensors";
      case VALIDATE -> "rows";
      case TRAIN -> "steps";
      default -> "";
    };
  }

  @Override
  public void begin(String part, String unit) {
    requireGoingOn();
    line.begin(part, unit);
    // Until the part's own pace is known, what is left of the phase; a forecast may be too short.
    double left = (predictedEnd - System.nanoTime()) * 1e-9;
    line.expect(left > 0 ? left : Double.NaN);
  }

  @Override
  public void at(long done, long total) {
    line.at(done, total);
    requireGoingOn();
  }

  /** Where nothing is kept, the work need not come to an end. */
  private void requireGoingOn() {
    if (stopping && (trainer == null || phase == RunPhase.VALIDATE && !stepped)) {
      throw new CancellationException("stopped by a signal");
    }
  }

  @Override
  public void detail(String text) {
    line.detail(text);
  }

  @Override
  public void note(String what) {
    line.note(what);
  }

  @Override
  public void step(Step s) {
    stepped = true;
    line.at(s.step(), s.steps());
    line.detail(
        String.format(
            Locale.ROOT,
            "loss %.4f  lr %.2e%s  %.0f tokens/s",
            s.loss(),
            s.learningRate(),
            density(s.method()),
            s.tokensPerSecond()));
    line.expect(s.secondsLeft());
  }

  @Override
  public void validated(int step, Validation.Result result) {
    StringBuilder files = new StringBuilder();
    result
        .byFile()
        .forEach((name, loss) -> files.append(String.format(Locale.ROOT, "  %s %.4f", name, loss)));
    line.note(
        String.format(Locale.ROOT, "step %d  validation loss %.4f %s", step, result.mean(), files));
  }

  @Override
  public void saved(Path checkpoint) {
    line.note("saved %s".formatted(checkpoint));
  }

  private static String density(Map<String, Object> figures) {
    return figures.get("expected_density") instanceof Number d
        ? String.format(Locale.ROOT, "  density %.3f", d.doubleValue())
        : "";
  }

  /** Shows nothing more: what follows on stdout is the result. */
  void end() {
    line.end();
  }

  @Override
  public void close() {
    signal.ifPresent(StopSignal::close);
    line.close();
  }
}
