package org.mixtureofmasks.cli;

import java.util.OptionalDouble;

/**
 * How long a phase still takes: by a forecast until something is done, then by the pace of what is
 * done, smoothed. Times are seconds of any one clock.
 */
final class TimeLeft {
  /** Weight of the newest pace: five or so of the last ones count. */
  private static final double NEWEST = 0.3;

  /** What is done this soon after a phase began was done before, in a run that is gone on with. */
  private static final double AT_ONCE = 0.01;

  /** When the phase began, or last told how much is done. */
  private double since;

  private long done;
  private long total;

  /** Seconds a unit; NaN while nothing is known. */
  private double pace = Double.NaN;

  /** What somebody else says is left, and when it was said; NaN without. */
  private double said = Double.NaN;

  private double saidAt;

  private final double begun;

  TimeLeft(double now) {
    this.begun = now;
    this.since = now;
  }

  /** Somebody knows better, until the next {@link #at}. */
  void say(double seconds, double now) {
    said = seconds;
    saidAt = now;
  }

  /** So much is done. */
  void at(long units, long all, double now) {
    total = all;
    said = Double.isNaN(pace) && units == 0 ? said : Double.NaN;
    if (units > done) {
      if (done > 0 || now - begun > AT_ONCE) {
        double newest = (now - since) / (units - done);
        pace = Double.isNaN(pace) ? newest : pace + NEWEST * (newest - pace);
      }
      done = units;
      since = now;
    }
  }

  /** Seconds to the end of the phase, never below 0. */
  OptionalDouble left(double now) {
    if (!Double.isNaN(said)) {
      return OptionalDouble.of(Math.max(0, said - (now - saidAt)));
    }
    return Double.isNaN(pace) || total == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(Math.max(0, pace * (total - done) - (now - since)));
  }

  /** Seconds until the next unit is done, never below 0. */
  OptionalDouble next(double now) {
    return Double.isNaN(pace)
        ? OptionalDouble.empty()
        : OptionalDouble.of(Math.max(0, pace - (now - since)));
  }
}
