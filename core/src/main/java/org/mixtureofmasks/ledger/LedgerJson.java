package org.mixtureofmasks.ledger;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A ledger as JSON: memory_bytes, seconds, disk_bytes and phases. */
public final class LedgerJson {
  private LedgerJson() {}

  /**
   * A prediction: totals, and of each phase name, memory_bytes, seconds and bytes by what holds
   * them.
   *
   * @param ledger predicted
   * @return the object; seconds are null where they are not known
   */
  public static ObjectNode of(Ledger ledger) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    describe(ledger, json);
    return json;
  }

  /**
   * Adds the members of {@link #of} to an object.
   *
   * @param ledger predicted
   * @param to gets the members; those of the same names are replaced
   */
  public static void describe(Ledger ledger, ObjectNode to) {
    to.put("memory_bytes", ledger.memoryBytes());
    to.put("seconds", orNull(ledger.seconds()));
    to.put("disk_bytes", ledger.diskBytes());
    ArrayNode phases = to.putArray("phases");
    for (Phase phase : ledger.phases()) {
      ObjectNode one = phases.addObject();
      one.put("name", phase.name());
      one.put("memory_bytes", phase.memoryBytes());
      one.put("seconds", orNull(phase.seconds()));
      ObjectNode bytes = one.putObject("bytes");
      phase.bytes().forEach(bytes::put);
    }
  }

  /**
   * What was predicted beside what was: {@code {"memory_bytes": {"predicted", "measured"},
   * "seconds": {...}, "phases": [{"name", "memory_bytes": {...}, "seconds": {...}}]}}, null where
   * one of the two is not known.
   *
   * @param ledger predicted
   * @param measured phases by the names of the prediction
   * @param peakBytes of the whole, 0 where it is not known
   * @return the object
   */
  public static ObjectNode compared(Ledger ledger, List<Measured> measured, long peakBytes) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    double seconds = measured.stream().mapToDouble(Measured::seconds).sum();
    pair(json.putObject("memory_bytes"), ledger.memoryBytes(), peakBytes);
    pair(json.putObject("seconds"), ledger.seconds(), seconds);
    ArrayNode phases = json.putArray("phases");
    for (Measured was : measured) {
      ObjectNode one = phases.addObject();
      one.put("name", was.name());
      Phase said =
          ledger.phases().stream()
              .filter(p -> p.name().equals(was.name()))
              .findFirst()
              .orElse(null);
      pair(one.putObject("memory_bytes"), said == null ? 0 : said.memoryBytes(), was.memoryBytes());
      pair(one.putObject("seconds"), said == null ? Double.NaN : said.seconds(), was.seconds());
    }
    return json;
  }

  private static void pair(ObjectNode to, long predicted, long measured) {
    to.put("predicted", predicted == 0 ? null : (Long) predicted);
    to.put("measured", measured == 0 ? null : (Long) measured);
  }

  private static void pair(ObjectNode to, double predicted, double measured) {
    to.put("predicted", orNull(predicted));
    to.put("measured", orNull(measured));
  }

  private static @Nullable Double orNull(double value) {
    return Double.isNaN(value) ? null : value;
  }
}
