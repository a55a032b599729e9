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
  public Ledger {
    phases = List.copyOf(phases);
    if (phases.isEmpty()) {
      throw new IllegalArgumentException("no phases");
    }
  }

  /** The phase that needs the most memory; the first of equal ones. */
  public Phase fullest() {
    return phases.stream().max(Comparator.comparingLong(Phase::memoryBytes)).orElseThrow();
  }

  /** Peak resident memory: that of the fullest phase. */
  public long memoryBytes() {
    return fullest().memoryBytes();
  }

  /** Time of all phases; NaN if that of any is not known. */
  public double seconds() {
    return phases.stream().mapToDouble(Phase::seconds).sum();
  }
}
