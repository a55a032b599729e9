package org.mixtureofmasks.model;

import java.util.Arrays;
import java.util.List;

/**
 * Where the n tokens of a pass stand and what each sees. Tokens may belong to several texts; those
 * of one text follow each other. They are stored in the cache of their text one after the other
 * behind what it holds, in whatever order its branches are.
 *
 * @param texts by token: whose it is
 * @param slots by token: where its key and value go
 * @param positions by token: how many tokens are before it in its text
 * @param spans by token: KV spans that it sees, in the order of its text; the last one ends with
 *     the token itself
 * @param step whether each token is of another text and its bits do not depend on the others
 */
record Slots(TextState[] texts, int[] slots, int[] positions, int[][] spans, boolean step) {

  /** The next token of each of several texts, none of which comes twice. */
  static Slots step(List<TextState> texts) {
    int[] positions = texts.stream().mapToInt(TextState::position).toArray();
    int[][] spans = new int[positions.length][];
    Arrays.setAll(spans, t -> new int[] {0, positions[t] + 1});
    return new Slots(texts.toArray(TextState[]::new), positions, positions, spans, true);
  }

  /** The next n tokens of one text. */
  static Slots append(TextState text, int n) {
    int[] parents = new int[n];
    for (int t = 0; t < n; t++) {
      parents[t] = t == 0 ? ~text.position() : t - 1;
    }
    return of(text, parents);
  }

  /** Branches behind what a text holds; parents as in {@link Packed}, all valid. */
  static Slots of(TextState text, int[] parents) {
    int n = parents.length;
    TextState[] texts = new TextState[n];
    Arrays.fill(texts, text);
    int[] slots = new int[n];
    int[] positions = new int[n];
    int[][] spans = new int[n][];
    for (int t = 0; t < n; t++) {
      int parent = parents[t];
      slots[t] = text.position() + t;
      positions[t] = parent < 0 ? ~parent : positions[parent] + 1;
      int[] before =
          parent >= 0 ? spans[parent] : ~parent == 0 ? new int[0] : new int[] {0, ~parent};
      spans[t] = append(before, slots[t]);
    }
    return new Slots(texts, slots, positions, spans, false);
  }

  private static int[] append(int[] spans, int slot) {
    int n = spans.length;
    boolean adjoins = n > 0 && spans[n - 1] == slot;
    int[] more = Arrays.copyOf(spans, adjoins ? n : n + 2);
    if (!adjoins) {
      more[n] = slot;
    }
    more[more.length - 1] = slot + 1;
    return more;
  }

  int count() {
    return positions.length;
  }

  /** Makes room for all of them in their texts. */
  void reserve() {
    for (int t = 0; t < count(); t++) {
      texts[t].reserve(slots[t] + 1);
    }
  }

  /** Slots that a token sees at most. */
  int mostSeen() {
    int most = 0;
    for (int position : positions) {
      most = Math.max(most, position + 1);
    }
    return most;
  }

  /**
   * The tokens in units of four neighbours of one text, which attention computes together, and
   * single ones: the first token of each.
   *
   * @param four which of both
   */
  int[] units(boolean four) {
    int[] units = new int[count()];
    int n = 0;
    for (int t = 0; t < count(); ) {
      boolean together = t + 4 <= count() && texts[t] == texts[t + 3];
      if (together == four) {
        units[n++] = t;
      }
      t += together ? 4 : 1;
    }
    return Arrays.copyOf(units, n);
  }

  /** Tokens of the text that the last token ends. */
  int lastLength() {
    return positions[count() - 1] + 1;
  }
}
