package org.mixtureofmasks.model;

import java.util.Arrays;

/**
 * Where the n tokens of a pass stand in their texts and what each sees. They are stored in the
 * cache one after the other from {@code first} on, in whatever order their texts are.
 *
 * @param first place of the first token
 * @param positions by token: how many tokens are before it in its text
 * @param seen by token: stretches of places, first and one past the last, in the order of its text;
 *     the last one ends with the token itself
 */
record Places(int first, int[] positions, int[][] seen) {

  /** A pass over n tokens of one text, of which {@code start} are held. */
  static Places chain(int start, int n) {
    int[] parents = new int[n];
    for (int t = 0; t < n; t++) {
      parents[t] = t == 0 ? ~start : t - 1;
    }
    return of(start, parents);
  }

  /** A pass behind {@code held} tokens; parents as in {@link Packed}, all valid. */
  static Places of(int held, int[] parents) {
    int n = parents.length;
    int[] positions = new int[n];
    int[][] seen = new int[n][];
    for (int t = 0; t < n; t++) {
      int parent = parents[t];
      positions[t] = parent < 0 ? ~parent : positions[parent] + 1;
      int[] before =
          parent >= 0 ? seen[parent] : ~parent == 0 ? new int[0] : new int[] {0, ~parent};
      seen[t] = append(before, held + t);
    }
    return new Places(held, positions, seen);
  }

  private static int[] append(int[] stretches, int place) {
    int n = stretches.length;
    boolean adjoins = n > 0 && stretches[n - 1] == place;
    int[] more = Arrays.copyOf(stretches, adjoins ? n : n + 2);
    if (!adjoins) {
      more[n] = place;
    }
    more[more.length - 1] = place + 1;
    return more;
  }

  int count() {
    return positions.length;
  }

  /** Tokens of the text that the last token ends. */
  int lastLength() {
    return positions[count() - 1] + 1;
  }
}
