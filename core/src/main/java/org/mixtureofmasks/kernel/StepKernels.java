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

  /** With fewer tokens Java's tiles are as fast as the library's, and faster for short rows. */
  private static final int LIBRARY_TOKENS = 8;

  /** Rows of a block that the library wants, a multiple of what it computes together. */
  private static final int LIBRARY_ROWS = 24;

  private StepKernels() {}

  /** The block of rows behind one that ends there, as it is stored. */
  private static MemorySegment rowsAfter(Matrix w, int end, int to, int block) {
    long bytes = w.format().rowBytes(w.columns());
    return w.data().asSlice(end * bytes, Math.min(block, to - end) * bytes);
  }

  private static void multiply(float factor, int tokens, float[] y, int at, int stride) {
    for (int t = 0; factor != 1 && t < tokens; t++) {
      y[at + t * stride] *= factor;
    }
  }

  /**
   * See {@link Format#products}.
   *
   * @param library adds up in place of {@link StepTile}; null: none
   */
  static void products(
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
    NativeKernels tiles = tokens < LIBRARY_TOKENS ? null : library;
    int block =
        Math.min(
            Math.max(0, to - from),
            tiles == null ? Math.max(4, BLOCK_FLOATS / n / 4 * 4) : LIBRARY_ROWS);
    float[] rows = new float[block * n];
    StepTile tile = new StepTile(order, rows, block, n);
    int[] at = new int[StepTile.TOKENS];
    for (int r = from; r < to; r += block) {
      int end = Math.min(to, r + block);
      w.format().summands(w, r, end, rows);
      if (tiles != null) {
        tiles.step(
            rows, end - r, order, x, tokens, y, yAt + r, stride, rowsAfter(w, end, to, block));
        tile.addTails(end - r, x, tokens, y, yAt + r, stride);
      }
      for (int t = 0; t < tokens && tiles == null; t += StepTile.TOKENS) {
        int used = Math.min(StepTile.TOKENS, tokens - t);
        for (int i = 0; i < StepTile.TOKENS; i++) {
          at[i] = x.at(t + Math.min(i, used - 1));
        }
        tile.products(end - r, x.floats(), at, used, y, t * stride + yAt + r, stride);
      }
      for (int i = r; i < end; i++) {
        multiply(w.format().factor(w, i), tokens, y, yAt + i, stride);
      }
    }
  }
}
