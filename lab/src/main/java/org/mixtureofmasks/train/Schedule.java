package org.mixtureofmasks.train;

/**
 * The factor on every learning rate: a linear rise, then half a cosine down to a floor.
 *
 * @param steps of the run
 * @param warmup steps of the rise
 * @param floor where the cosine ends, as a share of the peak
 */
record Schedule(int steps, int warmup, double floor) {
  static Schedule of(int steps, double warmupShare, double floor) {
    return new Schedule(steps, (int) Math.round(warmupShare * steps), floor);
  }

  /** The factor of a 0-based step: above 0 at once, 1 at the end of the rise. */
  double factor(int step) {
    if (step < warmup) {
      return (step + 1.0) / warmup;
    }
    double t = (step - warmup) / (double) Math.max(1, steps - warmup);
    return floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * t));
  }
}
