package org.mixtureofmasks.verbs;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.cli.ModelImport;
import org.mixtureofmasks.format.HuggingFaceWriter;
import org.mixtureofmasks.format.ModelFolderWriter;
import org.mixtureofmasks.io.AtomicFolder;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.ledger.Phase;
import org.mixtureofmasks.plan.Budget;
import org.mixtureofmasks.plan.Choice;
import org.mixtureofmasks.plan.Deadline;
import org.mixtureofmasks.plan.OwnRun;
import org.mixtureofmasks.plan.OwnRun.Planned;
import org.mixtureofmasks.plan.OwnTexts;
import org.mixtureofmasks.tokenizer.Tokenizer;
import org.mixtureofmasks.train.Pace;
import org.mixtureofmasks.train.RunFolder;
import org.mixtureofmasks.train.RunForecast.Timing;
import org.mixtureofmasks.train.RunPhase;
import picocli.CommandLine.Option;

/** The options of {@code mom sparsify MODEL}, and what they come to. */
final class OwnModel {
  @Option(
      names = "--text",
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "Of a MODEL: text of the kind that it is to be used on, plain (any name) or one {\"text\":"
              + " ...} a line (.jsonl); a few hundred kilobytes or more.")
  private List<Path> texts = new ArrayList<>();

  @Option(
      names = "--held-out",
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "Of a MODEL: text to judge by. Default: the last 5 %% of each text, which are then not"
              + " learned from.")
  private List<Path> heldOut = new ArrayList<>();

  @Option(
      names = "--share",
      paramLabel = "SHARE",
      description = "Of a MODEL: active share of the FFN's weights. Default: 50%%.")
  private String share;

  @Option(
      names = "--budget",
      paramLabel = "BUDGET",
      description =
          "Of a MODEL: time from start to verdict (20m, 2h) or training tokens (500k-tokens)."
              + " Default: no training, masks from statistics alone.")
  private String budget;

  /** Tokens; SmolLM2-135M was not better on tasks after as many (docs/which-settings.md). */
  private static final long LITTLE_TRAINING = 65_000;

  /** Whether the run's folder is ours. */
  private boolean made;

  /** Whether any of them was given. */
  boolean given() {
    return !texts.isEmpty() || !heldOut.isEmpty() || share != null || budget != null;
  }

  /**
   * A run that can begin.
   *
   * @param pace of a budget of time
   */
  record Ready(Planned planned, Pace pace) {}

  /**
   * Checks what was typed, writes the run's inputs and chooses its recipe.
   *
   * @param model a dense model of any kind that mom reads
   * @param out the run's folder: new, or empty
   * @param progress hears notes
   */
  Ready prepare(Path model, Path out, Timing timing, Progress progress) {
    Budget parsed = budget == null ? new Budget.TrainingFree() : Budget.parse(budget);
    double part = share == null ? 0.5 : share(share);
    if (texts.isEmpty()) {
      throw UserError.usage(
          "%s is a model: say what it is to learn from, for example 'mom sparsify %s --text my.txt --out %s' (a recipe's name ends in .yaml)"
              .formatted(model, model, out));
    }
    texts.forEach(OwnTexts::check);
    heldOut.forEach(OwnTexts::check);
    RunFolder run = RunFolder.requireNew(out);
    made = true;
    AtomicFolder.remove(run.inputs()); // of an earlier start that was killed
    return prepared(model, run, parsed, part, timing, progress);
  }

  /** Removes what was made for a run that did not begin. */
  void discard(Path out) {
    if (made) {
      AtomicFolder.remove(out);
    }
  }

  private Ready prepared(
      Path model, RunFolder run, Budget parsed, double part, Timing timing, Progress progress) {
    Path dense = dense(model, run, progress);
    OwnTexts own;
    if (heldOut.isEmpty()) {
      own = OwnTexts.cut(texts, run.inputs());
      progress.note("the end of each text is held out for the verdict: %s".formatted(run.inputs()));
    } else {
      own = new OwnTexts(texts, heldOut);
    }
    OwnRun request =
        new OwnRun(dense, own, part, parsed, run.inputs().resolve("recipe.yaml"), run.path());
    Planned planned = request.plan(elapsed(), timing);
    Choice choice = planned.choice();
    progress.note(
        choice.steps() == 0
            ? "training-free: thresholds of token masks from %,d tokens of the text"
                .formatted(choice.calibrationTokens())
            : String.format(
                Locale.ROOT,
                "%,d tokens of training in %d steps, learning rate %.1e",
                choice.tokens(),
                choice.steps(),
                choice.lr()));
    if (choice.steps() > 0 && choice.tokens() < LITTLE_TRAINING) {
      progress.note(
          "so little training is worth about nothing: leave --budget out, or give hours (docs/which-settings.md says what to expect)");
    }
    return new Ready(planned, pace(parsed, planned));
  }

  private static double share(String typed) {
    try {
      String text = typed.strip();
      double value =
          text.endsWith("%")
              ? Double.parseDouble(text.substring(0, text.length() - 1)) / 100
              : Double.parseDouble(text);
      if (value > 0 && value <= 1) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw notAShare(typed);
    }
    throw notAShare(typed);
  }

  private static UserError notAShare(String typed) {
    return UserError.usage(
        "--share %s: it must be above 0 and at most 100%%, such as 50%% or 0.5".formatted(typed));
  }

  /** The model itself, or a folder made of it. */
  private static Path dense(Path model, RunFolder run, Progress progress) {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      if (checkpoint.format() == Checkpoint.Format.HUGGING_FACE) {
        return model;
      }
      Path folder = run.inputs().resolve("dense");
      progress.note("%s becomes a Hugging Face folder: %s".formatted(model, folder));
      try (Tokenizer tokenizer = Tokenizer.open(model);
          ModelFolderWriter writer = ModelFolderWriter.create(folder)) {
        ModelImport.write(checkpoint, tokenizer, writer, HuggingFaceWriter.ownDtype(checkpoint));
        writer.commit();
      }
      return folder;
    }
  }

  /** Ends the steps early enough for all that comes after them. */
  private static Pace pace(Budget budget, Planned planned) {
    if (!(budget instanceof Budget.Time(long seconds))) {
      return Pace.FIXED;
    }
    double after = 0;
    for (Phase phase : planned.forecast().ledger().phases()) {
      RunPhase which = RunPhase.valueOf(phase.name().toUpperCase(Locale.ROOT));
      if (which.compareTo(RunPhase.TRAIN) > 0) {
        after += phase.seconds();
      }
    }
    double left = seconds - elapsed() - after;
    return new Deadline(System.nanoTime() + (long) (left * 1e9), System::nanoTime);
  }

  /** Seconds since the process began. */
  private static double elapsed() {
    return ManagementFactory.getRuntimeMXBean().getUptime() / 1e3;
  }
}
