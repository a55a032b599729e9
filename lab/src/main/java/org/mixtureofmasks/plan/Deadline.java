package org.mixtureofmasks.plan;

import java.util.function.LongSupplier;
import org.mixtureofmasks.train.Pace;

/**
 * Fits a run's steps to a time: the forecast is from a few layers of an idle moment, the machine
 * may be busier later.
 */
public final class Deadline implements Pace {
  /** Steps that are slower than others: memory is touched for the first time. */
  private static final int FIRST = 2;

  /** Changes smaller than this share of the steps to come are left alone. */
  private static final double TOLERANCE = 0.08;

  /** Weight of the latest step in the mean. */
  private static final double LATEST = 0.1;

  private static final int MOST = 1 << 30;

  private final long end;
  private final LongSupplier clock;
  private double mean = Double.NaN;

  /**
   * @param end when the last step is to end, nanoseconds of the clock
   * @param clock such as System::nanoTime
   */
  public Deadline(long end, LongSupplier clock) {
    this.end = end;
    this.clock = clock;
  }

  @Override
  public int steps(int done, int steps, double seconds) {
    if (done <= FIRST && done + 1 < steps) {
      return steps;
    }
    mean = Double.isNaN(mean) ? seconds : mean + LATEST * (seconds - mean);
    double left = (end - clock.getAsLong()) * 1e-9 / mean;
    int fit = done + (int) Math.clamp(left, 1, (double) MOST);
    double tolerated = Math.max(1, TOLERANCE * (steps - done));
    return Math.abs(fit - steps) <= tolerated && left >= 1 ? steps : fit;
  }
}
