package org.mixtureofmasks.plan;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.ledger.Phase;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.train.Methods;
import org.mixtureofmasks.train.RunForecast;
import org.mixtureofmasks.train.RunForecast.Timing;
import org.mixtureofmasks.train.RunPhase;

/**
 * A run of one's own model: which recipe the model's size, the texts and the budget come to.
 *
 * @param model a dense Hugging Face folder
 * @param texts to learn from and to be judged by
 * @param share of the FFN's weights that a token is to use, in (0, 1]
 * @param budget what may be spent
 * @param recipeFile where the recipe is written
 * @param out the run's folder
 */
public record OwnRun(
    Path model, OwnTexts texts, double share, Budget budget, Path recipeFile, Path out) {
  /** Steps of the forecast that a step's time is taken from. */
  private static final int FORECAST_STEPS = 100;

  /** Tokens of a byte of text, at least: short of it calibration would read rows twice. */
  private static final double TOKENS_PER_BYTE = 0.15;

  private static final int LEAST_CALIBRATION = 2048;

  /** Of a budget of time the masks' start takes no more: steps are worth more than statistics. */
  private static final double PREPARE_SHARE = 0.2;

  /**
   * The recipe, written, and what its run is predicted to take.
   *
   * @param choice what was chosen
   * @param recipe the same as a recipe, which recipeFile holds
   */
  public record Planned(Choice choice, Recipe recipe, RunForecast forecast) {}

  /**
   * Chooses.
   *
   * @param elapsed seconds of the budget that are spent
   * @param timing whether the forecast is to know times; a budget of time always does
   * @throws UserError if the budget is too short for a run, or no setting fits the memory
   */
  public Planned plan(double elapsed, Timing timing) {
    Choice free = Choice.of(config());
    return switch (budget) {
      case Budget.TrainingFree _ -> planned(calibrated(free), timing);
      case Budget.Tokens(long tokens) -> planned(calibrated(free.trained(tokens)), timing);
      case Budget.Time(long seconds) -> inTime(free, seconds, elapsed);
    };
  }

  private ModelConfig config() {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      return ConfigReader.read(checkpoint);
    }
  }

  private Choice calibrated(Choice choice) {
    long bytes = 0;
    for (Path text : texts.train()) {
      try {
        bytes += Files.size(text);
      } catch (IOException e) {
        throw new UserError("cannot read %s: %s".formatted(text, e.getMessage()), e);
      }
    }
    long most = Math.max(LEAST_CALIBRATION, (long) (bytes * TOKENS_PER_BYTE));
    return choice.withCalibration((int) Math.min(choice.calibrationTokens(), most));
  }

  /** As many steps as the time allows, of the batch that suits so many tokens. */
  private Planned inTime(Choice free, long seconds, double elapsed) {
    long begun = System.nanoTime();
    Choice trial = calibrated(free.trained(1).withSteps(FORECAST_STEPS));
    Planned timed = planned(trial, Timing.ALWAYS);
    double most = PREPARE_SHARE * seconds;
    double prepare = seconds(timed, RunPhase.PREPARE);
    if (prepare > most && trial.calibrationTokens() > LEAST_CALIBRATION) {
      int fewer = (int) (trial.calibrationTokens() * most / prepare);
      trial = trial.withCalibration(Math.max(LEAST_CALIBRATION, fewer));
      timed = planned(trial, Timing.ALWAYS);
    }
    double step = seconds(timed, RunPhase.TRAIN) / FORECAST_STEPS;
    double rest = timed.forecast.ledger().seconds() - step * FORECAST_STEPS;
    double spent = elapsed + (System.nanoTime() - begun) * 1e-9;
    long steps = (long) Math.floor((seconds - spent - rest) / step);
    if (steps < 1) {
      throw UserError.usage(
          ("--budget of %d s is too short: all but training takes about %.0f s here, each training"
                  + " step %.0f s more; give more, or leave --budget out for masks without training")
              .formatted(seconds, spent + rest, step));
    }
    Choice chosen = free.trained(steps * trial.batchTokens());
    return planned(chosen.withCalibration(trial.calibrationTokens()), Timing.ALWAYS);
  }

  private static double seconds(Planned planned, RunPhase phase) {
    return planned.forecast.ledger().phases().stream()
        .filter(p -> p.name().equals(phase.word()))
        .mapToDouble(Phase::seconds)
        .sum();
  }

  /** As fast as the memory allows. */
  private Planned planned(Choice choice, Timing timing) {
    Choice fits = choice;
    Recipe recipe = recipe(fits);
    Optional<Choice> less = fits.inLessMemory();
    while (less.isPresent()
        && !Machine.here(out).holds(RunForecast.of(recipe, out, Timing.NEVER).ledger())) {
      fits = less.get();
      recipe = recipe(fits);
      less = fits.inLessMemory();
    }
    RunForecast forecast = RunForecast.of(recipe, out, timing);
    forecast.require(Machine.here(out));
    return new Planned(fits, recipe, forecast);
  }

  private Recipe recipe(Choice choice) {
    AtomicFiles.writeString(recipeFile, choice.recipe(model, texts, share));
    return Methods.read(recipeFile, List.of());
  }
}
