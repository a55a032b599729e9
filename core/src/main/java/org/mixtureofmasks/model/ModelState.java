package org.mixtureofmasks.model;

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
   * @throws IllegalArgumentException if they are of different models
   */
  public ModelState {
    if (text.model != workspace.model) {
      throw new IllegalArgumentException("a text and a workspace of different models");
    }
  }

  /** Tokens that the text has: the next one gets this position. */
  public int position() {
    return text.position();
  }

  /** Tokens that the text can have. */
  public int contextLength() {
    return text.contextLength();
  }

  /** Tokens that one pass computes together at most, a {@link Packed} one's among them. */
  public int packLimit() {
    return workspace.batch();
  }

  /**
   * Forgets all tokens from {@code newPosition} on.
   *
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

  /** See {@link Workspace#observe}. */
  public void observe(LayerObserver observer) {
    workspace.observe(observer);
  }

  /** See {@link Workspace#removeExpert}. */
  public void removeExpert(int layer, int expert) {
    workspace.removeExpert(layer, expert);
  }

  /** See {@link Workspace#restoreExpert}. */
  public void restoreExpert() {
    workspace.restoreExpert();
  }

  /** See {@link Workspace#expertLoad}. */
  public ExpertLoad expertLoad() {
    return workspace.expertLoad();
  }
}
