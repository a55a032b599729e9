package org.mixtureofmasks.train;

import java.nio.file.Path;
import java.util.List;

/**
 * A program of its own: begins a run and ends the JVM on the spot after a step, as a kill would.
 * Arguments: recipe, run folder, step.
 */
final class HaltedRun {
  private HaltedRun() {}

  public static void main(String[] args) {
    int last = Integer.parseInt(args[2]);
    TrainingListener killer =
        new TrainingListener() {
          @Override
          public void step(Step progress) {
            if (progress.step() == last) {
              Runtime.getRuntime().halt(9);
            }
          }
        };
    try (Trainer trainer =
        Trainer.begin(Methods.read(Path.of(args[0]), List.of()), Path.of(args[1]), killer)) {
      trainer.train();
    }
  }
}
