package org.mixtureofmasks.sparsify.moefication;

/** How neurons are put into parts. */
public enum Split {
  /** Balanced k-means over the rows of W_g, scaled to unit length. */
  K_MEANS,
  /** By lot. */
  RANDOM,
  /** Those that are active together. */
  CO_ACTIVATION,
  /** Neighbours as they stand. */
  CONTIGUOUS
}
