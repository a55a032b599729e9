package org.mixtureofmasks.train;

import java.nio.file.Path;
import java.util.Map;
import org.mixtureofmasks.io.Progress;

/**
 * Who watches a run. Called from the training thread. What a phase is at in itself comes as {@link
 * Progress}.
 */
public interface TrainingListener extends Progress {
  /** A listener that does nothing. */
  TrainingListener SILENT = new TrainingListener() {};

  /**
   * State after a step.
   *
   * @param step steps done, from 1
   * @param steps steps of the run
   * @param loss mean loss of the step's tokens, nats
   * @param learningRate of the weights
   * @param tokensPerSecond since the run began or was resumed, validation not counted
   * @param secondsLeft estimate
   * @param method figures of the method, such as its density
   */
  record Step(
      int step,
      int steps,
      double loss,
      double learningRate,
      double tokensPerSecond,
      double secondsLeft,
      Map<String, Object> method) {}

  /** A phase of the run begins, and the one before it ends. */
  default void phase(RunPhase phase) {}

  @Override
  default void at(long done, long total) {}

  /** After each step. */
  default void step(Step step) {}

  /** After a validation: mean loss in nats by file and over all. */
  default void validated(int step, Validation.Result result) {}

  /** After a checkpoint was saved. */
  default void saved(Path checkpoint) {}
}
