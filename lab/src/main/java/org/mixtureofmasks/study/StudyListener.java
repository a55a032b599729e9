package org.mixtureofmasks.study;

import java.util.List;
import java.util.Optional;

/** Who watches a study; one call at a time, from whichever thread manages the run. */
public interface StudyListener {
  /** A listener that does nothing. */
  StudyListener SILENT = new StudyListener() {};

  /**
   * When a run begins.
   *
   * @param done runs that have ended in this start
   * @param toDo runs of this start
   * @param secondsLeft estimate from the runs that have ended; NaN before the first
   * @param going the runs that go on now
   */
  default void progress(int done, int toDo, double secondsLeft, List<String> going) {}

  /**
   * When a run has ended.
   *
   * @param loss what it is compared by, nats; empty if it failed
   * @param reason why it failed, one line
   */
  default void ended(String run, Optional<Double> loss, String reason) {}
}
