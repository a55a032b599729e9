package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Inner loops over f32 rows: the shapes of {@link VectorBf16} with plain activations. */
final class VectorF32 {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private VectorF32() {}

  private static FloatVector load(MemorySegment w, long at) {
    return FloatVector.fromMemorySegment(F, w, at, ByteOrder.LITTLE_ENDIAN);
  }

  private static float tail(MemorySegment w, long row, float[] x, int at, int n) {
    float sum = 0;
    for (int c = F.loopBound(n); c < n; c++) {
      sum += w.get(FLOAT, row + 4L * c) * x[at + c];
    }
    return sum;
  }

  /** One row times x[at ...]. */
  static float dot(MemorySegment w, long row, float[] x, int at, int n) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    int end = n / (2 * L) * (2 * L);
    int i = 0;
    for (; i < end; i += 2 * L) {
      a = load(w, row + 4L * i).fma(FloatVector.fromArray(F, x, at + i), a);
      b = load(w, row + 4L * (i + L)).fma(FloatVector.fromArray(F, x, at + i + L), b);
    }
    if (i < F.loopBound(n)) {
      a = load(w, row + 4L * i).fma(FloatVector.fromArray(F, x, at + i), a);
    }
    return VectorMath.sum(a.add(b)) + tail(w, row, x, at, n);
  }

  /** A tile of 4 tokens x 2 rows: y[to + t * tokenStep + r * rowStep]; tokens at x0 .. x3. */
  static void tile(
      MemorySegment w,
      long row,
      long stride,
      float[] x,
      int x0,
      int x1,
      int x2,
      int x3,
      int n,
      float[] y,
      int to,
      int tokenStep,
      int rowStep) {
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
      FloatVector v = load(w, row + 4L * i);
      FloatVector u = load(w, row + stride + 4L * i);
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
    VectorMath.sums(a0, a1, a2, a3, y, to, tokenStep);
    VectorMath.sums(b0, b1, b2, b3, y, to + rowStep, tokenStep);
    if (end < n) {
      for (int r = 0; r < 2; r++) {
        long tailRow = row + r * stride;
        y[to + r * rowStep] += tail(w, tailRow, x, x0, n);
        y[to + tokenStep + r * rowStep] += tail(w, tailRow, x, x1, n);
        y[to + 2 * tokenStep + r * rowStep] += tail(w, tailRow, x, x2, n);
        y[to + 3 * tokenStep + r * rowStep] += tail(w, tailRow, x, x3, n);
      }
    }
  }

  /** y += h w[row]. */
  static void axpy(MemorySegment w, long row, float h, float[] y, int at, int n) {
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      load(w, row + 4L * i)
          .fma(FloatVector.broadcast(F, h), FloatVector.fromArray(F, y, at + i))
          .intoArray(y, at + i);
    }
    axpyTail(w, row, h, y, at, n);
  }

  private static void axpyTail(MemorySegment w, long row, float h, float[] y, int at, int n) {
    for (int c = F.loopBound(n); c < n; c++) {
      y[at + c] += h * w.get(FLOAT, row + 4L * c);
    }
  }

  /** y += Σ_k h[from + k] w[row_k] for four rows. */
  static void axpy4(
      MemorySegment w,
      long row0,
      long row1,
      long row2,
      long row3,
      float[] h,
      int from,
      float[] y,
      int at,
      int n) {
    FloatVector h0 = FloatVector.broadcast(F, h[from]);
    FloatVector h1 = FloatVector.broadcast(F, h[from + 1]);
    FloatVector h2 = FloatVector.broadcast(F, h[from + 2]);
    FloatVector h3 = FloatVector.broadcast(F, h[from + 3]);
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      FloatVector a = FloatVector.fromArray(F, y, at + i);
      a = load(w, row0 + 4L * i).fma(h0, a);
      a = load(w, row1 + 4L * i).fma(h1, a);
      a = load(w, row2 + 4L * i).fma(h2, a);
      a = load(w, row3 + 4L * i).fma(h3, a);
      a.intoArray(y, at + i);
    }
    if (end < n) {
      axpyTail(w, row0, h[from], y, at, n);
      axpyTail(w, row1, h[from + 1], y, at, n);
      axpyTail(w, row2, h[from + 2], y, at, n);
      axpyTail(w, row3, h[from + 3], y, at, n);
    }
  }

  /** The down projection of listed neurons for four tokens, see {@link VectorBf16#tileAxpy}. */
  static void tileAxpy(
      MemorySegment w,
      long base,
      long record,
      int[] list,
      int from,
      int count,
      float[] h,
      int hStride,
      float[] y,
      int[] yAt,
      int n) {
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      strip(w, base + 4L * i, record, list, from, count, h, hStride, y, yAt, i);
    }
    for (int k = 0; k < count && end < n; k++) {
      for (int t = 0; t < Kernels.TILE; t++) {
        axpyTail(w, base + list[from + k] * record, h[t * hStride + k], y, yAt[t], n);
      }
    }
  }

  private static void strip(
      MemorySegment w,
      long base,
      long record,
      int[] list,
      int from,
      int count,
      float[] h,
      int hStride,
      float[] y,
      int[] yAt,
      int column) {
    int y0 = yAt[0] + column;
    int y1 = yAt[1] + column;
    int y2 = yAt[2] + column;
    int y3 = yAt[3] + column;
    FloatVector a0 = FloatVector.fromArray(F, y, y0);
    FloatVector a1 = FloatVector.fromArray(F, y, y1);
    FloatVector a2 = FloatVector.fromArray(F, y, y2);
    FloatVector a3 = FloatVector.fromArray(F, y, y3);
    for (int k = 0; k < count; k++) {
      FloatVector v = load(w, base + list[from + k] * record);
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
