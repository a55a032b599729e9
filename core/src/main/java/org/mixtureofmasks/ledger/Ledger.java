package org.mixtureofmasks.ledger;

import java.util.Comparator;
import java.util.List;

/**
 * The phases of a piece of work, in their order, and what it writes.
 *
 * @param phases at least one
 * @param diskBytes written at the most, all kept at one time
 */
public record Ledger(List<Phase> phases, long diskBytes) {
  /**
   * Copies the list of phases.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Ledger {
    phases = List.copyOf(phases);
    if (phases.isEmpty()) {
      throw new IllegalArgumentException("no phases");
    }
  }

  /** {@return the phase that needs the most memory, the first of equal ones} */
  public Phase fullest() {
    return phases.stream().max(Comparator.comparingLong(Phase::memoryBytes)).orElseThrow();
  }

  /** {@return peak resident memory in bytes: that of the fullest phase} */
  public long memoryBytes() {
    return fullest().memoryBytes();
  }

  /** {@return seconds of all phases together; NaN if those of any are not known} */
  public double seconds() {
    return phases.stream().mapToDouble(Phase::seconds).sum();
  }
}
