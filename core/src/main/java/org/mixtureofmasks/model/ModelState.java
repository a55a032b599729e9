package org.mixtureofmasks.model;

import org.jspecify.annotations.Nullable;

/**
 * A text and the workspace that it is computed in: all that one caller needs. Whoever has several
 * texts lets them share a workspace: {@code new ModelState(model.newText(n), workspace)}. Nothing
 * of it is for concurrent use. Made by {@link Model#newState} with a workspace of its own.
 *
 * @param text keys, values and position
 * @param workspace activations, expert counts, and what passes are told to do
 */
public record ModelState(TextState text, Workspace workspace) {
  /**
   * Checks that they belong together.
   *
   * @throws IllegalArgumentException if they are of different models
   */
  public ModelState {
    if (text.model != workspace.model) {
      throw new IllegalArgumentException("a text and a workspace of different models");
    }
  }

  /** {@return tokens that the text has: the next one gets this position} */
  public int position() {
    return text.position();
  }

  /** {@return tokens that the text can have} */
  public int contextLength() {
    return text.contextLength();
  }

  /** {@return tokens that one pass computes together at most, a {@link Packed} one's among them} */
  public int packLimit() {
    return workspace.batch();
  }

  /**
   * Forgets all tokens from {@code newPosition} on.
   *
   * @param newPosition tokens that stay
   * @throws IllegalArgumentException if it is negative or beyond {@link #position}
   */
  public void truncate(int newPosition) {
    text.truncate(newPosition);
  }

  /** Forgets all tokens and what was counted. */
  public void reset() {
    text.truncate(0);
    workspace.resetCounts();
  }

  /**
   * See {@link Workspace#observe}.
   *
   * @param observer hears every later token; null: none
   */
  public void observe(@Nullable LayerObserver observer) {
    workspace.observe(observer);
  }

  /**
   * See {@link Workspace#removeExpert}.
   *
   * @param layer from 0
   * @param expert from 0
   * @throws IllegalArgumentException if there is no such expert, or each token needs all of them
   */
  public void removeExpert(int layer, int expert) {
    workspace.removeExpert(layer, expert);
  }

  /** See {@link Workspace#restoreExpert}. */
  public void restoreExpert() {
    workspace.restoreExpert();
  }

  /** {@return what the tokens of all passes used, see {@link Workspace#expertLoad}} */
  public ExpertLoad expertLoad() {
    return workspace.expertLoad();
  }
}
