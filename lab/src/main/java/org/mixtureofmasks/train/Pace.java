package org.mixtureofmasks.train;

/**
 * Sets the number of steps of a run while it goes on. What depends on it (the learning rates'
 * course, a method's schedules) follows from the next step on.
 */
@FunctionalInterface
public interface Pace {
  /** As the recipe says. */
  Pace FIXED = (_, steps, _) -> steps;

  /**
   * Asked after every step but the last.
   *
   * @param done steps done, at least 1
   * @param steps as they are planned so far, more than done
   * @param seconds that the latest step took
   * @return steps of the run, more than done
   */
  int steps(int done, int steps, double seconds);
}
