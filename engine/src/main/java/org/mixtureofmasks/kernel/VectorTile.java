package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inner loops for several tokens: weights and activations are float arrays here, widened before. A
 * tile of 4 tokens x 2 rows does 8 multiplications for 6 loads. Vectors are handed on through
 * memory: as arguments of a call that C2 does not inline they would become objects.
 */
final class VectorTile {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  private VectorTile() {}

  /**
   * Rows of n weights at r0 and r1 times the tokens at x0 .. x3, to y[at + t * tokenStep + r *
   * rowStep].
   *
   * @param sums lends 8 vectors of floats from sumsAt
   */
  static void products(
      float[] w,
      int r0,
      int r1,
      float[] x,
      int x0,
      int x1,
      int x2,
      int x3,
      int n,
      float[] y,
      int at,
      int tokenStep,
      int rowStep,
      float[] sums,
      int sumsAt) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      FloatVector v = FloatVector.fromArray(F, w, r0 + i);
      FloatVector u = FloatVector.fromArray(F, w, r1 + i);
      FloatVector z = FloatVector.fromArray(F, x, x0 + i);
      a0 = v.fma(z, a0);
      b0 = u.fma(z, b0);
      z = FloatVector.fromArray(F, x, x1 + i);
      a1 = v.fma(z, a1);
      b1 = u.fma(z, b1);
      z = FloatVector.fromArray(F, x, x2 + i);
      a2 = v.fma(z, a2);
      b2 = u.fma(z, b2);
      z = FloatVector.fromArray(F, x, x3 + i);
      a3 = v.fma(z, a3);
      b3 = u.fma(z, b3);
    }
    a0.intoArray(sums, sumsAt);
    a1.intoArray(sums, sumsAt + L);
    a2.intoArray(sums, sumsAt + 2 * L);
    a3.intoArray(sums, sumsAt + 3 * L);
    b0.intoArray(sums, sumsAt + 4 * L);
    b1.intoArray(sums, sumsAt + 5 * L);
    b2.intoArray(sums, sumsAt + 6 * L);
    b3.intoArray(sums, sumsAt + 7 * L);
    VectorMath.sums(sums, sumsAt, y, at, tokenStep);
    VectorMath.sums(sums, sumsAt + 4 * L, y, at + rowStep, tokenStep);
    for (int i = end; i < n; i++) {
      tail(w[r0 + i], x, x0 + i, x1 + i, x2 + i, x3 + i, y, at, tokenStep);
      tail(w[r1 + i], x, x0 + i, x1 + i, x2 + i, x3 + i, y, at + rowStep, tokenStep);
    }
  }

  private static void tail(
      float w, float[] x, int x0, int x1, int x2, int x3, float[] y, int at, int step) {
    y[at] += w * x[x0];
    y[at + step] += w * x[x1];
    y[at + 2 * step] += w * x[x2];
    y[at + 3 * step] += w * x[x3];
  }

  /** One row times one token. */
  static float product(float[] w, int row, float[] x, int at, int n) {
    FloatVector a = FloatVector.zero(F);
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      a = FloatVector.fromArray(F, w, row + i).fma(FloatVector.fromArray(F, x, at + i), a);
    }
    float sum = VectorMath.sum(a);
    for (int i = end; i < n; i++) {
      sum += w[row + i] * x[at + i];
    }
    return sum;
  }

  /**
   * y_t += Σ_k h[t * hStride + k] w[rows[k] ...] for four tokens, one strip of columns at a time so
   * that the sums stay in registers.
   *
   * @param rows where the row of each k begins in w
   */
  static void combine(
      float[] w, int[] rows, int count, float[] h, int hStride, float[] y, int[] yAt, int n) {
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      strip(w, rows, count, h, hStride, y, yAt, i);
    }
    for (int k = 0; k < count; k++) {
      for (int i = end; i < n; i++) {
        for (int t = 0; t < Kernels.TILE; t++) {
          y[yAt[t] + i] += h[t * hStride + k] * w[rows[k] + i];
        }
      }
    }
  }

  private static void strip(
      float[] w, int[] rows, int count, float[] h, int hStride, float[] y, int[] yAt, int column) {
    int y0 = yAt[0] + column;
    int y1 = yAt[1] + column;
    int y2 = yAt[2] + column;
    int y3 = yAt[3] + column;
    FloatVector a0 = FloatVector.fromArray(F, y, y0);
    FloatVector a1 = FloatVector.fromArray(F, y, y1);
    FloatVector a2 = FloatVector.fromArray(F, y, y2);
    FloatVector a3 = FloatVector.fromArray(F, y, y3);
    for (int k = 0; k < count; k++) {
      FloatVector v = FloatVector.fromArray(F, w, rows[k] + column);
      a0 = v.fma(FloatVector.broadcast(F, h[k]), a0);
      a1 = v.fma(FloatVector.broadcast(F, h[hStride + k]), a1);
      a2 = v.fma(FloatVector.broadcast(F, h[2 * hStride + k]), a2);
      a3 = v.fma(FloatVector.broadcast(F, h[3 * hStride + k]), a3);
    }
    a0.intoArray(y, y0);
    a1.intoArray(y, y1);
    a2.intoArray(y, y2);
    a3.intoArray(y, y3);
  }
}
