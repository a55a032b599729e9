package org.mixtureofmasks.score;

import java.util.ArrayList;
import java.util.List;

/**
 * One pass of the model over a stretch of a token sequence s: it reads s[from .. from + inputs) and
 * is scored on what it says after each of the last {@code scored} of them, so on s[from + inputs -
 * scored + 1 .. from + inputs + 1).
 *
 * @param from index of the first token read
 * @param inputs tokens read, at least 1
 * @param scored tokens scored, 1 .. inputs
 */
public record Window(int from, int inputs, int scored) {

  /**
   * Windows at 0, stride, 2 stride, ...; each scores what no earlier one has. Every token but the
   * first, which has nothing before it, is scored exactly once.
   *
   * @param tokens length of the sequence
   * @param window most tokens read in a pass
   * @param stride distance of the windows' first tokens, 1 .. window; with stride = window the
   *     first scored token of each later window sees one token, with less it sees window - stride +
   *     1
   */
  public static List<Window> sliding(int tokens, int window, int stride) {
    List<Window> windows = new ArrayList<>();
    int done = 0; // the last token scored; token 0 counts as done
    for (int from = 0; done < tokens - 1; from += stride) {
      int inputs = Math.min(window, tokens - 1 - from);
      int last = from + inputs;
      windows.add(new Window(from, inputs, last - done));
      done = last;
    }
    return windows;
  }

  /**
   * The rolling windows of lm-evaluation-harness with context_len 1: disjoint stretches of
   * maxLength scored tokens; the last, shorter one is read with as much context as fits. Here s is
   * the prefix token followed by the document, so the document's first token is scored too.
   *
   * @param tokens length of s, prefix included
   * @param maxLength the model's context
   */
  static List<Window> rolling(int tokens, int maxLength) {
    List<Window> windows = new ArrayList<>();
    int done = 0;
    while (done < tokens - 1) {
      int scored = Math.min(maxLength, tokens - 1 - done);
      int last = done + scored;
      int inputs = Math.min(maxLength, last);
      windows.add(new Window(last - inputs, inputs, scored));
      done = last;
    }
    return windows;
  }
}
