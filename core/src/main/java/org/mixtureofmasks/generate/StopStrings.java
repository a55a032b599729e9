package org.mixtureofmasks.generate;

import java.util.List;
import org.mixtureofmasks.UserError;

/**
 * Passes text on until one of the stop strings shows, which may be spread over several pieces: what
 * could be the beginning of one is held back until it is known not to be. A stop string itself, and
 * what follows it, is never passed on.
 */
final class StopStrings {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  StopStrings(List<String> stops) {
    if (stops.contains("")) {
      throw UserError.usage("a stop string is empty: it would stop before the first character");
    }
    this.stops = List.copyOf(stops);
  }

  /** Takes a piece; returns what may be shown now, possibly nothing. */
  String push(String piece) {
    if (stopped) {
      return "";
    }
    held.append(piece);
    int stop = -1;
    for (String s : stops) {
      int at = held.indexOf(s);
      stop = at >= 0 && (stop < 0 || at < stop) ? at : stop;
    }
    stopped = stop >= 0;
    return take(stopped ? stop : held.length() - possibleBeginning());
  }

  /** At the end of the text: what was held back and turned out not to be a stop string. */
  String flush() {
    return stopped ? "" : take(held.length());
  }

  boolean stopped() {
    return stopped;
  }

  private String take(int length) {
    String shown = held.substring(0, length);
    held.delete(0, length);
    return shown;
  }

  /** Length of the longest end of the held text with which a stop string begins. */
  private int possibleBeginning() {
    int longest = 0;
    for (String s : stops) {
      for (int n = Math.min(s.length() - 1, held.length()); n > longest; n--) {
        if (held.indexOf(s.substring(0, n), held.length() - n) >= 0) {
          longest = n;
        }
      }
    }
    return longest;
  }
}
