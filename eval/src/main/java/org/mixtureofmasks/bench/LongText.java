package org.mixtureofmasks.bench;

import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;

/**
 * A text of some length behind which tokens are decoded, again and again from the same place: how
 * fast a model is when there is much to attend to. The text is another one over and over, for only
 * its length counts.
 */
final class LongText implements AutoCloseable {
  private final Model model;
  private final ModelState state;
  private final int[] text;
  private final int length;

  /**
   * Reads the text.
   *
   * @param piece what it repeats
   * @param length tokens that it has
   * @param tokens that are decoded behind it
   */
  LongText(Model model, int[] piece, int length, int tokens) {
    this.model = model;
    this.length = length;
    text = new int[length + tokens];
    for (int i = 0; i < text.length; i++) {
      text[i] = piece[i % piece.length];
    }
    state = model.newState(text.length);
    model.forward(state, text, 0, length);
  }

  /** Decodes the tokens; returns how many in a second. */
  double pass() {
    state.truncate(length);
    long start = System.nanoTime();
    for (int i = length; i < text.length; i++) {
      model.forward(state, text, i, 1);
    }
    return (text.length - length) / ((System.nanoTime() - start) * 1e-9);
  }

  /** Gives the pages of the cache back. */
  @Override
  public void close() {
    state.truncate(0);
  }
}
