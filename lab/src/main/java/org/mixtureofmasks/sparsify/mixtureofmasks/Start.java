package org.mixtureofmasks.sparsify.mixtureofmasks;

/** Where masks and router begin. */
public enum Start {
  /** From activation statistics: {@link KMasks}. */
  CALIBRATED,
  /** Every gate open, a random router (the paper's). */
  ONES
}
