package org.mixtureofmasks.kernel;

import org.jspecify.annotations.Nullable;

/**
 * Sparse SwiGLU for a tile of tokens, or half of one, over widened records: all gate and up
 * products, then SiLU, then all down columns.
 */
final class TileNeurons {
  private TileNeurons() {}

  /** See {@link Kernels#neuronsOfTile}; by the library where there is one. */
  static void run(
      float[] records,
      int n,
      int[] list,
      int count,
      int tokens,
      float[] factors,
      float[] tile,
      int tileAt,
      float[] y,
      int yAt,
      float[] h,
      Kernels kernels,
      @Nullable NativeKernels library) {
    boolean half = tokens < VectorTokens.TOKENS;
    int up = half ? (count + 5) * tokens : (count + 2) * tokens; // behind gates and idle places
    int[] at = library == null ? begins(list, count, n) : list;
    if (library != null) {
      library.gateUpOfTile(records, n, list, count, tokens, tile, tileAt, h, up);
    } else if (half) {
      gateUpOfHalf(records, n, at, count, tile, tileAt, h, up);
    } else {
      gateUp(records, n, at, count, tile, tileAt, h, up);
    }
    kernels.siluTimes(h, 0, h, up, count * tokens);
    VectorTokens.scale(h, factors, count * tokens);
    if (library != null) {
      library.addDownOfTile(records, n, list, count, tokens, h, y, yAt);
    } else {
      addDown(records, n, at, count, half, h, y, yAt);
    }
  }

  /** Where each record begins. */
  private static int[] begins(int[] list, int count, int n) {
    int[] at = new int[count];
    for (int k = 0; k < count; k++) {
      at[k] = list[k] * 3 * n;
    }
    return at;
  }

  /**
   * @param at where each record begins, changed
   */
  private static void addDown(
      float[] records, int n, int[] at, int count, boolean half, float[] h, float[] y, int yAt) {
    for (int k = 0; k < count; k++) {
      at[k] += 2 * n;
    }
    int c = 0;
    if (half) {
      for (; c + HalfTokens.ROWS <= n; c += HalfTokens.ROWS) {
        HalfTokens.columns(records, at, count, c, h, y, yAt + c * HalfTokens.TOKENS);
      }
      for (; c < n; c++) {
        HalfTokens.column(records, at, count, c, h, y, yAt + c * HalfTokens.TOKENS);
      }
      return;
    }
    for (; c + VectorTokens.ROWS <= n; c += VectorTokens.ROWS) {
      VectorTokens.columns(records, at, count, c, h, y, yAt + c * VectorTokens.TOKENS);
    }
    for (; c < n; c++) {
      VectorTokens.column(records, at, count, c, h, y, yAt + c * VectorTokens.TOKENS);
    }
  }

  /**
   * Three neurons at a time: their gate and up rows are the six that {@link VectorTokens} wants.
   *
   * @param at where each record begins
   */
  private static void gateUp(
      float[] w, int n, int[] at, int count, float[] tile, int tileAt, float[] h, int up) {
    for (int k = 0; k < count; k += 3) {
      int r0 = at[k];
      int r1 = at[Math.min(k + 1, count - 1)];
      int r2 = at[Math.min(k + 2, count - 1)];
      int to = k * VectorTokens.TOKENS;
      VectorTokens.rows(w, r0, r1, r2, r0 + n, r1 + n, r2 + n, n, tile, tileAt, h, to, up + to);
    }
  }

  /** Six neurons at a time. */
  private static void gateUpOfHalf(
      float[] w, int n, int[] at, int count, float[] tile, int tileAt, float[] h, int up) {
    int last = count - 1;
    for (int k = 0; k < count; k += 6) {
      HalfTokens.rows(
          w,
          at[k],
          at[Math.min(k + 1, last)],
          at[Math.min(k + 2, last)],
          at[Math.min(k + 3, last)],
          at[Math.min(k + 4, last)],
          at[Math.min(k + 5, last)],
          n,
          tile,
          tileAt,
          h,
          k * HalfTokens.TOKENS,
          up + k * HalfTokens.TOKENS);
    }
  }
}
