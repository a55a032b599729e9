package org.mixtureofmasks.kernel;

import org.jspecify.annotations.Nullable;

/**
 * Sparse SwiGLU for a tile of tokens over widened records: all gate and up products, then SiLU,
 * then all down columns.
 */
final class TileNeurons {
  private TileNeurons() {}

  /** See {@link Kernels#neuronsOfTile}; by the library where there is one. */
  static void run(
      float[] records,
      int n,
      int[] list,
      int count,
      float[] factors,
      float[] tile,
      int tileAt,
      float[] y,
      int yAt,
      float[] h,
      Kernels kernels,
      @Nullable NativeKernels library) {
    int up = (count + 2) * VectorTokens.TOKENS; // gates before it; up to two idle places each
    if (library == null) {
      gateUp(records, n, list, count, tile, tileAt, h, up);
    } else {
      library.gateUpOfTile(records, n, list, count, tile, tileAt, h, up);
    }
    kernels.siluTimes(h, 0, h, up, count * VectorTokens.TOKENS);
    VectorTokens.scale(h, factors, count * VectorTokens.TOKENS);
    if (library == null) {
      addDown(records, n, list, count, h, y, yAt);
    } else {
      library.addDownOfTile(records, n, list, count, h, y, yAt);
    }
  }

  /**
   * Three neurons at a time: their gate and up rows are the six that {@link VectorTokens} wants.
   */
  private static void gateUp(
      float[] records, int n, int[] list, int count, float[] tile, int tileAt, float[] h, int up) {
    for (int k = 0; k < count; k += 3) {
      int r0 = list[k] * 3 * n;
      int r1 = list[Math.min(k + 1, count - 1)] * 3 * n;
      int r2 = list[Math.min(k + 2, count - 1)] * 3 * n;
      int at = k * VectorTokens.TOKENS;
      VectorTokens.rows(
          records, r0, r1, r2, r0 + n, r1 + n, r2 + n, n, tile, tileAt, h, at, up + at);
    }
  }

  private static void addDown(
      float[] records, int n, int[] list, int count, float[] h, float[] y, int yAt) {
    int[] down = new int[count];
    for (int k = 0; k < count; k++) {
      down[k] = (list[k] * 3 + 2) * n;
    }
    int c = 0;
    for (; c + VectorTokens.ROWS <= n; c += VectorTokens.ROWS) {
      VectorTokens.columns(records, down, count, c, h, y, yAt + c * VectorTokens.TOKENS);
    }
    for (; c < n; c++) {
      VectorTokens.column(records, down, count, c, h, y, yAt + c * VectorTokens.TOKENS);
    }
  }
}
