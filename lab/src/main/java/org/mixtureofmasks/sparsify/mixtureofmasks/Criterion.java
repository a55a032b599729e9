package org.mixtureofmasks.sparsify.mixtureofmasks;

/** What the calibrated start's masks are good by. */
public enum Criterion {
  /** The summed importance of the neurons they keep: {@link KMasks}. */
  IMPORTANCE,
  /** That, then the error of the FFN's output: {@link OutputError}. */
  OUTPUT_ERROR
}
