package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Products for a step, one new token of each of several texts: weights come from memory once, are
 * widened once, and serve all tokens while they lie in the nearest caches. Every token has the bits
 * that its format's {@link Format#matvec} gives it, as the format's {@link RowSum} says.
 */
final class StepKernels {
  /** A block of widened rows is written, and read by all tokens, near the first-level cache. */
  private static final int BLOCK_FLOATS = 8 << 10;

  /** With fewer tokens Java's tiles are as fast as the library's for rows that Java widens. */
  private static final int LIBRARY_TOKENS = 8;

  private StepKernels() {}

  private static void multiply(
      Matrix w, int tokens, float[] y, int at, int stride, int from, int to) {
    for (int r = from; r < to; r++) {
      float factor = w.format().factor(w, r);
      for (int t = 0; factor != 1 && t < tokens; t++) {
        y[at + r + t * stride] *= factor;
      }
    }
  }

  /**
   * See {@link Format#products}; with the library, without a way through memory for what is
   * widened.
   *
   * @return false if the library has nothing for such rows, and nothing is done
   */
  static boolean products(
      NativeKernels library,
      Matrix w,
      RowSum order,
      Input x,
      int tokens,
      float[] y,
      int stride,
      int yAt,
      int from,
      int to) {
    NativeStep step = library.step(w.format());
    if (step == null || !NativeStep.covers(order)) {
      return false;
    }
    NativeStep.Laid laid = step.lay(x, tokens, order);
    long rowBytes = w.format().rowBytes(w.columns());
    step.products(w.data(), rowBytes, laid, y, stride, yAt, from, to);
    return true;
  }

  /**
   * See {@link Format#products}; rows are widened by the format.
   *
   * @param library adds up in place of {@link StepTile}; null: none
   */
  static void productsOfWidened(
      @Nullable NativeKernels library,
      Matrix w,
      RowSum order,
      Input x,
      int tokens,
      float[] y,
      int stride,
      int yAt,
      int from,
      int to) {
    int n = w.columns();
    NativeStep step =
        library == null || tokens < LIBRARY_TOKENS || !NativeStep.covers(order)
            ? null
            : library.stepOfFloats(w.format().order());
    int most = step == null ? Math.max(4, BLOCK_FLOATS / n / 4 * 4) : NativeStep.ROWS;
    int block = Math.min(Math.max(0, to - from), most);
    float[] rows = new float[block * n];
    StepTile tile = new StepTile(order, rows, block, n);
    NativeStep.Laid laid = step == null ? null : step.lay(x, tokens, order);
    int[] at = new int[StepTile.TOKENS];
    for (int r = from; r < to; r += block) {
      int end = Math.min(to, r + block);
      w.format().summands(w, r, end, rows);
      if (step != null && laid != null) {
        MemorySegment floats = MemorySegment.ofArray(rows);
        step.products(floats, (long) n * Float.BYTES, laid, y, stride, yAt + r, 0, end - r);
        continue;
      }
      for (int t = 0; t < tokens; t += StepTile.TOKENS) {
        int used = Math.min(StepTile.TOKENS, tokens - t);
        for (int i = 0; i < StepTile.TOKENS; i++) {
          at[i] = x.at(t + Math.min(i, used - 1));
        }
        tile.products(end - r, x.floats(), at, used, y, t * stride + yAt + r, stride);
      }
    }
    multiply(w, tokens, y, yAt, stride, from, to);
  }
}
