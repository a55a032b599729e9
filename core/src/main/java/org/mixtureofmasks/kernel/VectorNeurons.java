package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Sparse SwiGLU: for a block of listed neurons first all gate and up products, then SiLU for the
 * block, then all down columns. The records of a block lie within a few hundred kilobytes, so the
 * second pass over them finds its pages and most of its lines near.
 */
final class VectorNeurons {
  private static final int BLOCK = Kernels.NEURON_BLOCK;

  /**
   * How far ahead records are asked for. Without it every jump from one run of neurons to the next
   * waits for memory: at a hidden_size of 576 half of the neurons took as long as all of them.
   */
  private static final long AHEAD_BYTES = 8 << 10;

  private VectorNeurons() {}

  static void one(
      Matrix records,
      int[] list,
      int from,
      int to,
      float[] scales,
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      float[] h,
      Kernels kernels) {
    int n = records.columns();
    int half = (n + 1) / 2;
    MemorySegment w = records.data();
    long row = (long) n * records.elementBytes();
    boolean bf16 = records instanceof Matrix.Bf16;
    long record = 3 * row;
    int ahead = Math.toIntExact(Math.ceilDiv(AHEAD_BYTES, record));
    for (int b = from; b < to; b += BLOCK) {
      int m = Math.min(BLOCK, to - b);
      for (int k = 0; k < m; k++) {
        long at = list[b + k] * record;
        if (b + k + ahead < to) {
          long next = w.address() + list[b + k + ahead] * record;
          Prefetch.lines(next, next + record);
        }
        if (bf16 && Prefetch.available()) {
          VectorBf16.dot2(w, at, at + row, x, xAt, xAt + half, n, h, k, BLOCK + k);
        } else if (bf16) {
          h[k] = VectorBf16.dot(w, at, x, xAt, xAt + half, n);
          h[BLOCK + k] = VectorBf16.dot(w, at + row, x, xAt, xAt + half, n);
        } else {
          h[k] = VectorF32.dot(w, at, x, xAt, n);
          h[BLOCK + k] = VectorF32.dot(w, at + row, x, xAt, n);
        }
      }
      activate(kernels, h, m, scales, b);
      int k = 0;
      for (; k + 4 <= m; k += 4) {
        long d0 = (list[b + k] * 3L + 2) * row;
        long d1 = (list[b + k + 1] * 3L + 2) * row;
        long d2 = (list[b + k + 2] * 3L + 2) * row;
        long d3 = (list[b + k + 3] * 3L + 2) * row;
        if (bf16) {
          VectorBf16.axpy4(w, d0, d1, d2, d3, h, k, y, yAt, yAt + half, n);
        } else {
          VectorF32.axpy4(w, d0, d1, d2, d3, h, k, y, yAt, n);
        }
      }
      for (; k < m; k++) {
        long d = (list[b + k] * 3L + 2) * row;
        if (bf16) {
          VectorBf16.axpy(w, d, h[k], y, yAt, yAt + half, n);
        } else {
          VectorF32.axpy(w, d, h[k], y, yAt, n);
        }
      }
    }
  }

  /**
   * Three neurons at a time: their gate and up rows are the six that {@link VectorTokens} wants.
   */
  static void tile(
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
      Kernels kernels) {
    int up = (count + 2) * VectorTokens.TOKENS; // gates before it; up to two idle places each
    int[] down = new int[count];
    for (int k = 0; k < count; k += 3) {
      int r0 = list[k] * 3 * n;
      int r1 = list[Math.min(k + 1, count - 1)] * 3 * n;
      int r2 = list[Math.min(k + 2, count - 1)] * 3 * n;
      int at = k * VectorTokens.TOKENS;
      VectorTokens.rows(
          records, r0, r1, r2, r0 + n, r1 + n, r2 + n, n, tile, tileAt, h, at, up + at);
    }
    for (int k = 0; k < count; k++) {
      down[k] = (list[k] * 3 + 2) * n;
    }
    kernels.siluTimes(h, 0, h, up, count * VectorTokens.TOKENS);
    VectorTokens.scale(h, factors, count * VectorTokens.TOKENS);
    int c = 0;
    for (; c + VectorTokens.ROWS <= n; c += VectorTokens.ROWS) {
      VectorTokens.columns(records, down, count, c, h, y, yAt + c * VectorTokens.TOKENS);
    }
    for (; c < n; c++) {
      VectorTokens.column(records, down, count, c, h, y, yAt + c * VectorTokens.TOKENS);
    }
  }

  /**
   * h[0, m) holds gates and h[BLOCK, ...) ups: leaves scale · SiLU(gate) · up in the first. The
   * whole block is computed, so that its tail takes the vector path too; nobody reads what lies
   * beyond m.
   */
  private static void activate(Kernels kernels, float[] h, int m, float[] scales, int scaleAt) {
    if (scales != null) {
      for (int k = 0; k < m; k++) {
        h[BLOCK + k] *= scales[scaleAt + k];
      }
    }
    Arrays.fill(h, m, BLOCK, 0);
    kernels.siluTimes(h, 0, h, BLOCK, BLOCK);
  }
}
