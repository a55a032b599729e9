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

  /** Behind the activations of a tile: room for the sums of its products. */
  private static final int SUMS = Kernels.TILE * 2 * BLOCK;

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
      activate(kernels, h, 0, m, scales, b, 1);
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

  static void four(
      float[] records,
      int base,
      int n,
      int[] list,
      int from,
      int to,
      float[] scale,
      float[] x,
      int[] xAt,
      float[] y,
      int[] yAt,
      float[] h,
      Kernels kernels) {
    int stride = 2 * BLOCK;
    int[] down = new int[BLOCK];
    for (int b = from; b < to; b += BLOCK) {
      int m = Math.min(BLOCK, to - b);
      for (int k = 0; k < m; k++) {
        int gate = (list[b + k] - base) * 3 * n;
        down[k] = gate + 2 * n;
        VectorTile.products(
            records, gate, gate + n, x, xAt[0], xAt[1], xAt[2], xAt[3], n, h, k, stride, BLOCK, h,
            SUMS);
      }
      for (int t = 0; t < Kernels.TILE; t++) {
        activate(kernels, h, t * stride, m, null, 0, scale[t]);
      }
      VectorTile.combine(records, down, m, h, stride, y, yAt, n);
    }
  }

  /**
   * h[at, at + m) holds gates and h[at + BLOCK, ...) ups: leaves scale · SiLU(gate) · up in the
   * first. The whole block is computed, so that its tail takes the vector path too; nobody reads
   * what lies beyond m.
   */
  private static void activate(
      Kernels kernels, float[] h, int at, int m, float[] scales, int scaleAt, float scale) {
    for (int k = 0; k < m; k++) {
      h[at + BLOCK + k] *= scales == null ? scale : scales[scaleAt + k];
    }
    Arrays.fill(h, at + m, at + BLOCK, 0);
    kernels.siluTimes(h, at, h, at + BLOCK, BLOCK);
  }
}
