package org.mixtureofmasks.kernel;

/**
 * Sparse SwiGLU for a tile of tokens, or half of one, over widened records: all gate and up
 * products, then SiLU, then all down columns.
 */
final class TileNeurons {
  private TileNeurons() {}

  /** See {@link Kernels#neuronsOfTile}. */
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
      Kernels kernels) {
    boolean half = tokens < VectorTokens.TOKENS;
    int up = half ? (count + 5) * tokens : (count + 2) * tokens; // behind gates and idle places
    int[] down = new int[count];
    for (int k = 0; k < count; k++) {
      down[k] = list[k] * 3 * n;
    }
    if (half) {
      gateUpOfHalf(records, n, down, count, tile, tileAt, h, up);
    } else {
      gateUp(records, n, down, count, tile, tileAt, h, up);
    }
    for (int k = 0; k < count; k++) {
      down[k] += 2 * n;
    }
    kernels.siluTimes(h, 0, h, up, count * tokens);
    VectorTokens.scale(h, factors, count * tokens);
    int c = 0;
    if (half) {
      for (; c + HalfTokens.ROWS <= n; c += HalfTokens.ROWS) {
        HalfTokens.columns(records, down, count, c, h, y, yAt + c * tokens);
      }
      for (; c < n; c++) {
        HalfTokens.column(records, down, count, c, h, y, yAt + c * tokens);
      }
    } else {
      for (; c + VectorTokens.ROWS <= n; c += VectorTokens.ROWS) {
        VectorTokens.columns(records, down, count, c, h, y, yAt + c * tokens);
      }
      for (; c < n; c++) {
        VectorTokens.column(records, down, count, c, h, y, yAt + c * tokens);
      }
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
