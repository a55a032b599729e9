package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inner loops over bf16 rows. Each loads a vector of 32-bit lanes, each lane an (even, odd) pair of
 * weights: shifted left by 16 it is the even element as a float, masked with 0xffff0000 the odd
 * one. Methods are small on purpose: with many more vector calls in one, C2 stops inlining and they
 * run ten times slower.
 *
 * <p>Offsets into segments are bytes; e and o are where the even and the odd half of the ordered
 * activations begin; n is columns.
 */
final class VectorBf16 {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final int ODD = 0xffff0000;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private VectorBf16() {}

  private static IntVector load(MemorySegment w, long at) {
    return IntVector.fromMemorySegment(I, w, at, ByteOrder.LITTLE_ENDIAN);
  }

  private static FloatVector even(IntVector pairs) {
    return pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  private static FloatVector odd(IntVector pairs) {
    return pairs.and(ODD).reinterpretAsFloats();
  }

  /** Elements that whole vectors cover; the rest is done one by one. */
  private static int whole(int n) {
    return n / (2 * L) * (2 * L);
  }

  /** The elements that no whole vector covers. */
  private static float tail(MemorySegment w, long row, float[] x, int e, int o, int n) {
    float sum = 0;
    for (int c = whole(n); c < n; c++) {
      float weight = Matrix.Bf16.widen(w.get(SHORT, row + 2L * c));
      sum += weight * x[((c & 1) == 0 ? e : o) + c / 2];
    }
    return sum;
  }

  /**
   * One row times x. Rows are read one after the other, not several at once: as one stream the
   * hardware prefetches them best (measured: .9 of a plain read against .5 for four rows of 576).
   */
  static float dot(MemorySegment w, long row, float[] x, int e, int o, int n) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    int end = whole(n);
    for (int i = 0; i < end; i += 2 * L) {
      IntVector v = load(w, row + 2L * i);
      a = even(v).fma(FloatVector.fromArray(F, x, e + i / 2), a);
      b = odd(v).fma(FloatVector.fromArray(F, x, o + i / 2), b);
    }
    return VectorMath.sum(a.add(b)) + tail(w, row, x, e, o, n);
  }

  /**
   * A tile of 4 tokens x 2 rows: y[at + t * tokenStep + r * rowStep]. The tokens' even halves begin
   * at x0 .. x3, the odd ones half further on.
   */
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
      int at,
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
    int half = (n + 1) / 2;
    int end = whole(n);
    for (int i = 0; i < end; i += 2 * L) {
      IntVector v = load(w, row + 2L * i);
      IntVector u = load(w, row + stride + 2L * i);
      FloatVector ve = even(v);
      FloatVector ue = even(u);
      FloatVector x0e = FloatVector.fromArray(F, x, x0 + i / 2);
      FloatVector x1e = FloatVector.fromArray(F, x, x1 + i / 2);
      FloatVector x2e = FloatVector.fromArray(F, x, x2 + i / 2);
      FloatVector x3e = FloatVector.fromArray(F, x, x3 + i / 2);
      a0 = ve.fma(x0e, a0);
      a1 = ve.fma(x1e, a1);
      a2 = ve.fma(x2e, a2);
      a3 = ve.fma(x3e, a3);
      b0 = ue.fma(x0e, b0);
      b1 = ue.fma(x1e, b1);
      b2 = ue.fma(x2e, b2);
      b3 = ue.fma(x3e, b3);
      FloatVector vo = odd(v);
      FloatVector uo = odd(u);
      FloatVector x0o = FloatVector.fromArray(F, x, x0 + half + i / 2);
      FloatVector x1o = FloatVector.fromArray(F, x, x1 + half + i / 2);
      FloatVector x2o = FloatVector.fromArray(F, x, x2 + half + i / 2);
      FloatVector x3o = FloatVector.fromArray(F, x, x3 + half + i / 2);
      a0 = vo.fma(x0o, a0);
      a1 = vo.fma(x1o, a1);
      a2 = vo.fma(x2o, a2);
      a3 = vo.fma(x3o, a3);
      b0 = uo.fma(x0o, b0);
      b1 = uo.fma(x1o, b1);
      b2 = uo.fma(x2o, b2);
      b3 = uo.fma(x3o, b3);
    }
    VectorMath.sums(a0, a1, a2, a3, y, at, tokenStep);
    VectorMath.sums(b0, b1, b2, b3, y, at + rowStep, tokenStep);
    if (end < n) {
      for (int r = 0; r < 2; r++) {
        long tailRow = row + r * stride;
        y[at + r * rowStep] += tail(w, tailRow, x, x0, x0 + half, n);
        y[at + tokenStep + r * rowStep] += tail(w, tailRow, x, x1, x1 + half, n);
        y[at + 2 * tokenStep + r * rowStep] += tail(w, tailRow, x, x2, x2 + half, n);
        y[at + 3 * tokenStep + r * rowStep] += tail(w, tailRow, x, x3, x3 + half, n);
      }
    }
  }

  /** y += h w[row], y ordered with halves at e and o. */
  static void axpy(MemorySegment w, long row, float h, float[] y, int e, int o, int n) {
    int end = whole(n);
    for (int i = 0; i < end; i += 2 * L) {
      IntVector v = load(w, row + 2L * i);
      even(v)
          .fma(FloatVector.broadcast(F, h), FloatVector.fromArray(F, y, e + i / 2))
          .intoArray(y, e + i / 2);
      odd(v)
          .fma(FloatVector.broadcast(F, h), FloatVector.fromArray(F, y, o + i / 2))
          .intoArray(y, o + i / 2);
    }
    axpyTail(w, row, h, y, e, o, n);
  }

  private static void axpyTail(MemorySegment w, long row, float h, float[] y, int e, int o, int n) {
    for (int c = whole(n); c < n; c++) {
      y[((c & 1) == 0 ? e : o) + c / 2] += h * Matrix.Bf16.widen(w.get(SHORT, row + 2L * c));
    }
  }

  /** y += Σ_k h[at + k] w[row_k] for four rows. */
  static void axpy4(
      MemorySegment w,
      long row0,
      long row1,
      long row2,
      long row3,
      float[] h,
      int at,
      float[] y,
      int e,
      int o,
      int n) {
    FloatVector h0 = FloatVector.broadcast(F, h[at]);
    FloatVector h1 = FloatVector.broadcast(F, h[at + 1]);
    FloatVector h2 = FloatVector.broadcast(F, h[at + 2]);
    FloatVector h3 = FloatVector.broadcast(F, h[at + 3]);
    int end = whole(n);
    for (int i = 0; i < end; i += 2 * L) {
      FloatVector a = FloatVector.fromArray(F, y, e + i / 2);
      FloatVector b = FloatVector.fromArray(F, y, o + i / 2);
      IntVector v = load(w, row0 + 2L * i);
      a = even(v).fma(h0, a);
      b = odd(v).fma(h0, b);
      v = load(w, row1 + 2L * i);
      a = even(v).fma(h1, a);
      b = odd(v).fma(h1, b);
      v = load(w, row2 + 2L * i);
      a = even(v).fma(h2, a);
      b = odd(v).fma(h2, b);
      v = load(w, row3 + 2L * i);
      a = even(v).fma(h3, a);
      b = odd(v).fma(h3, b);
      a.intoArray(y, e + i / 2);
      b.intoArray(y, o + i / 2);
    }
    if (end < n) {
      axpyTail(w, row0, h[at], y, e, o, n);
      axpyTail(w, row1, h[at + 1], y, e, o, n);
      axpyTail(w, row2, h[at + 2], y, e, o, n);
      axpyTail(w, row3, h[at + 3], y, e, o, n);
    }
  }

  /**
   * The down projection of listed neurons for four tokens: y_t += Σ_k h[t * hStride + k] w[base +
   * list[from + k] * record], one strip of columns at a time so that sums stay in registers.
   */
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
    int half = (n + 1) / 2;
    int end = whole(n);
    for (int i = 0; i < end; i += 2 * L) {
      strip(w, base + 2L * i, record, list, from, count, h, hStride, y, yAt, i / 2, half);
    }
    for (int k = 0; k < count && end < n; k++) {
      for (int t = 0; t < Kernels.TILE; t++) {
        int e = yAt[t];
        axpyTail(w, base + list[from + k] * record, h[t * hStride + k], y, e, e + half, n);
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
      int column,
      int half) {
    int y0 = yAt[0] + column;
    int y1 = yAt[1] + column;
    int y2 = yAt[2] + column;
    int y3 = yAt[3] + column;
    FloatVector a0 = FloatVector.fromArray(F, y, y0);
    FloatVector a1 = FloatVector.fromArray(F, y, y1);
    FloatVector a2 = FloatVector.fromArray(F, y, y2);
    FloatVector a3 = FloatVector.fromArray(F, y, y3);
    FloatVector b0 = FloatVector.fromArray(F, y, y0 + half);
    FloatVector b1 = FloatVector.fromArray(F, y, y1 + half);
    FloatVector b2 = FloatVector.fromArray(F, y, y2 + half);
    FloatVector b3 = FloatVector.fromArray(F, y, y3 + half);
    for (int k = 0; k < count; k++) {
      IntVector v = load(w, base + list[from + k] * record);
      FloatVector e = even(v);
      FloatVector o = odd(v);
      FloatVector s = FloatVector.broadcast(F, h[k]);
      a0 = e.fma(s, a0);
      b0 = o.fma(s, b0);
      s = FloatVector.broadcast(F, h[hStride + k]);
      a1 = e.fma(s, a1);
      b1 = o.fma(s, b1);
      s = FloatVector.broadcast(F, h[2 * hStride + k]);
      a2 = e.fma(s, a2);
      b2 = o.fma(s, b2);
      s = FloatVector.broadcast(F, h[3 * hStride + k]);
      a3 = e.fma(s, a3);
      b3 = o.fma(s, b3);
    }
    a0.intoArray(y, y0);
    a1.intoArray(y, y1);
    a2.intoArray(y, y2);
    a3.intoArray(y, y3);
    b0.intoArray(y, y0 + half);
    b1.intoArray(y, y1 + half);
    b2.intoArray(y, y2 + half);
    b3.intoArray(y, y3 + half);
  }
}
