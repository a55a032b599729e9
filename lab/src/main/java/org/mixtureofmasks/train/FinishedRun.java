package org.mixtureofmasks.train;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.mixtureofmasks.ShellWords;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeReader;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/**
 * What a run has come to: its newest checkpoint with the method in that state, for compiling and
 * analysing.
 *
 * @param step the newest checkpoint's folder; model.safetensors in it has the fp32 weights
 * @param steps optimiser steps done
 * @param method in the state of the checkpoint
 * @param parent hash of the dense model
 */
public record FinishedRun(
    RunFolder run, Recipe recipe, Path step, int steps, Method method, String parent) {

  /**
   * Opens a run; it may still be going on.
   *
   * @throws UserError if there is no run, no checkpoint in it, or its dense model is gone
   */
  public static FinishedRun open(Path folder) {
    RunFolder run = RunFolder.of(folder);
    Path step =
        run.latest()
            .orElseThrow(
                () ->
                    new UserError(
                        "%s has no checkpoint yet: go on with 'mom resume %s'"
                            .formatted(folder, ShellWords.quote(folder))));
    return open(run, recipe(run), step);
  }

  /**
   * Opens all checkpoints of a run one after the other, the oldest first; each is freed when the
   * visitor returns.
   *
   * @throws UserError if there is no run, or its dense model is gone
   */
  public static void eachCheckpoint(Path folder, Consumer<FinishedRun> visitor) {
    RunFolder run = RunFolder.of(folder);
    Recipe recipe = recipe(run);
    Natives.start(Settings.of(recipe).threads());
    for (Path step : run.steps()) {
      try (PointerScope _ = new PointerScope()) {
        visitor.accept(open(run, recipe, step));
      }
    }
  }

  private static Recipe recipe(RunFolder run) {
    return new RecipeReader(Methods.sections()).read(run.recipe(), List.of());
  }

  private static FinishedRun open(RunFolder run, Recipe recipe, Path step) {
    TrainingCheckpoint saved = TrainingCheckpoint.read(step);
    Settings settings = Settings.of(recipe);
    Natives.start(settings.threads());
    MethodProvider provider = Methods.provider(recipe);
    try (Checkpoint dense = Checkpoints.open(settings.model())) {
      ModelConfig config = ConfigReader.read(dense);
      Method method = provider.create(recipe, config);
      method.restore(config, TrainingCheckpoint.method(step));
      return new FinishedRun(run, recipe, step, saved.step(), method, saved.parent());
    }
  }

  /** The dense model that the run began with. */
  public Path denseModel() {
    return Settings.of(recipe).model();
  }

  /** Makes the recipe's method. */
  public MethodProvider provider() {
    return Methods.provider(recipe);
  }
}
