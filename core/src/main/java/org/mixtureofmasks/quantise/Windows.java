package org.mixtureofmasks.quantise;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.model.ExpertLoad;
import org.mixtureofmasks.model.LayerObserver;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;

/** Pieces of a text that a model runs from the beginning of its context. */
final class Windows {
  /** Tokens of a window, unless the context is shorter: most of what attention does shows in it. */
  static final int LENGTH = 512;

  private Windows() {}

  /**
   * Whole windows of a text.
   *
   * @param tokens of the text
   * @param most tokens of all windows together
   * @throws UserError if it fills less than two windows
   */
  static List<int[]> cut(int[] tokens, int most, Model model) {
    int length = Math.min(LENGTH, model.config().maxPositions());
    int count = Math.min(tokens.length, most) / length;
    if (count < 2) {
      throw new UserError(
          "the calibration text has %d tokens and %d are asked for: at least two windows of %d are needed"
              .formatted(tokens.length, most, length));
    }
    List<int[]> windows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      windows.add(Arrays.copyOfRange(tokens, i * length, (i + 1) * length));
    }
    return windows;
  }

  /** Runs them one after the other; the load of all of them. */
  static ExpertLoad run(
      Model model, List<int[]> windows, LayerObserver observer, Progress progress) {
    int length = windows.getFirst().length;
    ModelState state = model.newState(length, length);
    state.observe(observer);
    long done = 0;
    for (int[] window : windows) {
      state.truncate(0);
      model.forward(state, window, 0, window.length);
      done += window.length;
      progress.at(done, (long) windows.size() * length);
    }
    return state.expertLoad();
  }
}
