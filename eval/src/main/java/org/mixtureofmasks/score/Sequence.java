package org.mixtureofmasks.score;

import java.util.Arrays;

/**
 * A text to be scored: all tokens but the last are read, the last {@code scored} ones are scored.
 *
 * @param tokens 2 or more
 * @param scored 1 .. tokens.length - 1
 */
record Sequence(int[] tokens, int scored) {

  /** Tokens that the model reads. */
  int inputs() {
    return tokens.length - 1;
  }

  /** How many tokens are read before the first one after which a token is scored. */
  int unscored() {
    return inputs() - scored;
  }

  /** How many tokens both read before they differ. */
  int shared(int[] otherTokens, int otherInputs) {
    int mismatch = Arrays.mismatch(tokens, 0, inputs(), otherTokens, 0, otherInputs);
    return mismatch < 0 ? inputs() : mismatch;
  }

  /** Sequences that begin alike come to lie side by side. */
  static int compareInputs(Sequence a, Sequence b) {
    return Arrays.compare(a.tokens, 0, a.inputs(), b.tokens, 0, b.inputs());
  }
}
