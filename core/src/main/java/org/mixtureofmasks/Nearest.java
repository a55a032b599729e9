package org.mixtureofmasks;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the known name that somebody probably meant. */
public final class Nearest {
  private Nearest() {}

  /**
   * The known name with the smallest edit distance, if it is close enough to be a slip of the
   * finger.
   *
   * @param name what was written
   * @param known the names there are
   * @return the nearest of them; empty when none is near
   */
  public static Optional<String> of(String name, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(k -> distance(name, k)))
        .filter(k -> distance(name, k) <= Math.max(2, name.length() / 3));
  }

  /**
   * The tail of an error message about an unknown name.
   *
   * @param name what was written
   * @param known the names there are
   * @return " (did you mean X?)", or nothing when none is near
   */
  public static String hint(String name, Collection<String> known) {
    return of(name, known).map(k -> " (did you mean '" + k + "'?)").orElse("");
  }

  /** Levenshtein distance: insertions, deletions and substitutions that turn a into b. */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
