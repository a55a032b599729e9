package org.mixtureofmasks.verbs;

import java.util.List;
import java.util.Locale;
import org.mixtureofmasks.cli.ProgressLine;
import org.mixtureofmasks.cli.Table;
import org.mixtureofmasks.ledger.Ledger;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.ledger.Measured;
import org.mixtureofmasks.ledger.Phase;

/** Phases of a run as people read them. */
final class LedgerTables {
  private LedgerTables() {}

  /** What is predicted: a line a phase, with what holds most of its memory. */
  static String predicted(Ledger ledger) {
    Table table = new Table().row("phase", "memory", "time", "most of it for");
    for (Phase phase : ledger.phases()) {
      table.row(
          phase.name(),
          Machine.gigabytes(phase.memoryBytes()),
          time(phase.seconds()),
          phase.largest().replace('_', ' '));
    }
    return table.toString();
  }

  /** What was predicted and what was, with measured over predicted. */
  static String compared(Ledger ledger, List<Measured> measured, long peak) {
    Table table =
        new Table()
            .row("phase", "memory, predicted", "measured", "ratio", "time", "measured", "ratio");
    double seconds = 0;
    for (Measured was : measured) {
      seconds += was.seconds();
      ledger.phases().stream()
          .filter(said -> said.name().equals(was.name()))
          .findFirst()
          .ifPresent(
              said ->
                  row(
                      table,
                      was.name(),
                      said.memoryBytes(),
                      was.memoryBytes(),
                      said.seconds(),
                      was.seconds()));
    }
    row(table, "whole run", ledger.memoryBytes(), peak, ledger.seconds(), seconds);
    return table.toString();
  }

  private static void row(
      Table table, String name, long bytes, long realBytes, double seconds, double realSeconds) {
    table.row(
        name,
        Machine.gigabytes(bytes),
        Machine.gigabytes(realBytes),
        ratio((double) realBytes / bytes),
        time(seconds),
        time(realSeconds),
        ratio(realSeconds / seconds));
  }

  private static String ratio(double ratio) {
    return Double.isFinite(ratio) ? String.format(Locale.ROOT, "%.2f", ratio) : "";
  }

  /** "1:35", tenths below ten seconds, "unknown" where nobody could tell. */
  static String time(double seconds) {
    if (Double.isNaN(seconds)) {
      return "unknown";
    }
    return seconds < 9.95
        ? String.format(Locale.ROOT, "%.1f s", seconds)
        : ProgressLine.duration(seconds);
  }
}
