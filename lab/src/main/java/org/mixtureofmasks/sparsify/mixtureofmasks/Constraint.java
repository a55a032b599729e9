package org.mixtureofmasks.sparsify.mixtureofmasks;

/** What drives the density while gates are sampled. */
public enum Constraint {
  /** A shift of log-alpha that meets the density exactly at every step. */
  PROJECTED,
  /** Learned multipliers (Louizos et al., Sheared LLaMA). */
  LAGRANGIAN,
  /** The paper's Eq. 5 as printed. */
  EQ5,
  /** A fixed weight on the expected L0 norm (Louizos et al.). */
  L0_FIXED,
  /** A fixed weight on the gates' absolute values (paper Fig. 4 c, f). */
  L1;

  /** Whether the density follows a schedule; the others push at one strength all the time. */
  public boolean isScheduled() {
    return this == PROJECTED || this == LAGRANGIAN;
  }
}
