package org.mixtureofmasks.ledger;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A stage of work as it is predicted.
 *
 * @param name one word, the key under which it is measured too: "train"
 * @param bytes resident at its fullest, by what holds them, each 0 or more; things that another
 *     phase holds still are in both
 * @param seconds that it takes, 0 or more; NaN where nobody can tell
 */
public record Phase(String name, SequencedMap<String, Long> bytes, double seconds) {
  /** Copies the bytes, in their order. */
  public Phase {
    bytes = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(bytes));
  }

  /** {@return bytes resident at its fullest: the sum over all holders} */
  public long memoryBytes() {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * {@return the holder of the most bytes, for people: "activations"; "nothing" without holders}
   */
  public String largest() {
    return bytes.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse("nothing");
  }
}
