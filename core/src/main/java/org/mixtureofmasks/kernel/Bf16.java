package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Brain floats, the upper halves of floats. Inner loops load a vector of 32-bit lanes, each lane an
 * (even, odd) pair of weights: shifted left by 16 it is the even element as a float, masked with
 * 0xffff0000 the odd one. So activations are wanted {@link Order#SPLIT}. Methods are small on
 * purpose: with many more vector calls in one, C2 stops inlining and they run ten times slower.
 *
 * <p>Offsets into segments are bytes; e and o are where the even and the odd half of the ordered
 * activations begin; n is columns.
 */
public final class Bf16 extends Format {
  /** The format. */
  public static final Format FORMAT = new Bf16();

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final int ODD = 0xffff0000;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Bf16() {}

  @Override
  public String name() {
    return "bf16";
  }

  @Override
  public long rowBytes(int columns) {
    return 2L * columns;
  }

  @Override
  public boolean isStoredAs(String type) {
    return type.equals("BF16");
  }

  @Override
  public float get(MemorySegment data, long row, int column, int columns) {
    return widen(data.get(SHORT, row + 2L * column));
  }

  @Override
  public void put(float[] values, MemorySegment data, long row) {
    for (int c = 0; c < values.length; c++) {
      data.set(SHORT, row + 2L * c, narrow(values[c]));
    }
  }

  @Override
  public Order order() {
    return Order.SPLIT;
  }

  private static float widen(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounded to nearest even; a NaN stays one. */
  static short narrow(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  @Override
  public void widen(Matrix w, int from, int to, float[] out) {
    int n = w.columns();
    for (int r = from; r < to; r++) {
      widen(w.data(), 2L * r * n, n, out, (r - from) * n);
    }
  }

  @Override
  public void matvec(Matrix w, Input input, int token, float[] y, int yAt, int from, int to) {
    MemorySegment data = w.data();
    float[] x = input.floats();
    int n = w.columns();
    int even = input.at(token);
    int odd = even + (n + 1) / 2;
    int r = from;
    float[] partial = new float[4 * L];
    for (; r + 4 <= to; r += 4) {
      for (int k = 0; k < 4; k++) {
        fetchRow(data, 2L * (r + k) * n, 2L * n, 2L * to * n);
        partialDot(data, 2L * (r + k) * n, x, even, odd, n, partial, k * L);
      }
      VectorMath.sums(partial, 0, y, yAt + r, 1);
      addTails(data, r, 4, x, even, odd, n, y, yAt + r);
    }
    for (; r < to; r++) {
      y[yAt + r] = dot(data, 2L * r * n, x, even, odd, n);
    }
  }

  @Override
  RowSum rowSum(int columns) {
    return RowSum.ofHalves(columns, true);
  }

  @Override
  public void gateUp(
      Matrix records, int[] list, int from, int count, int end, Input input, int token, float[] h) {
    MemorySegment w = records.data();
    float[] x = input.floats();
    int n = records.columns();
    int e = input.at(token);
    int o = e + (n + 1) / 2;
    long row = 2L * n;
    long record = 3 * row;
    int ahead = ahead(record);
    for (int k = 0; k < count; k++) {
      long at = list[from + k] * record;
      fetch(w, record, list, from + k + ahead, end);
      if (Prefetch.available()) {
        dot2(w, at, at + row, x, e, o, n, h, k, Kernels.NEURON_BLOCK + k);
      } else {
        h[k] = dot(w, at, x, e, o, n);
        h[Kernels.NEURON_BLOCK + k] = dot(w, at + row, x, e, o, n);
      }
    }
  }

  @Override
  public void addDown(
      Matrix records, int[] list, int from, int count, float[] h, float[] y, int yAt) {
    MemorySegment w = records.data();
    int n = records.columns();
    int o = yAt + (n + 1) / 2;
    long row = 2L * n;
    int k = 0;
    for (; k + 4 <= count; k += 4) {
      long d0 = down(row, list, from + k);
      long d1 = down(row, list, from + k + 1);
      long d2 = down(row, list, from + k + 2);
      long d3 = down(row, list, from + k + 3);
      axpy4(w, d0, d1, d2, d3, h, k, y, yAt, o, n);
    }
    for (; k < count; k++) {
      axpy(w, down(row, list, from + k), h[k], y, yAt, o, n);
    }
  }

  @Override
  public void addRows(
      Matrix w,
      int[] list,
      int from,
      int to,
      float[] factors,
      float[] y,
      int yAt,
      int column0,
      int column1) {
    MemorySegment data = w.data();
    long row = 2L * w.columns();
    int n = column1 - column0;
    int o = yAt + (n + 1) / 2;
    long first = 2L * column0;
    int ahead = ahead(Math.max(1, 2L * n));
    int k = from;
    for (; k + 4 <= to; k += 4) {
      for (int i = k; i < k + 4; i++) {
        fetchPart(data, row, first, 2L * n, list, i + ahead, to);
      }
      axpy4(
          data,
          list[k] * row + first,
          list[k + 1] * row + first,
          list[k + 2] * row + first,
          list[k + 3] * row + first,
          factors,
          k,
          y,
          yAt,
          o,
          n);
    }
    for (; k < to; k++) {
      axpy(data, list[k] * row + first, factors[k], y, yAt, o, n);
    }
  }

  @Override
  public void widenColumns(
      Matrix w, int from, int to, int column0, int column1, float[] out, int stride) {
    for (int r = from; r < to; r++) {
      long at = 2L * ((long) r * w.columns() + column0);
      widen(w.data(), at, column1 - column0, out, (r - from) * stride);
    }
  }

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
      float weight = widen(w.get(SHORT, row + 2L * c));
      sum += weight * x[((c & 1) == 0 ? e : o) + c / 2];
    }
    return sum;
  }

  /**
   * One row times x. Rows are read one after the other, not several at once: as one stream the
   * hardware prefetches them best (measured: .9 of a plain read against .5 for four rows of 576).
   */
  private static float dot(MemorySegment w, long row, float[] x, int e, int o, int n) {
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

  /** One row times x, but for what no whole vector covers: L sums to out[at, at + L). */
  private static void partialDot(
      MemorySegment w, long row, float[] x, int e, int o, int n, float[] out, int at) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    int end = whole(n);
    for (int i = 0; i < end; i += 2 * L) {
      IntVector v = load(w, row + 2L * i);
      a = even(v).fma(FloatVector.fromArray(F, x, e + i / 2), a);
      b = odd(v).fma(FloatVector.fromArray(F, x, o + i / 2), b);
    }
    a.add(b).intoArray(out, at);
  }

  /** Adds to y[at + k] what {@link #partialDot} left out of row r + k, for count rows. */
  private static void addTails(
      MemorySegment w, int r, int count, float[] x, int e, int o, int n, float[] y, int at) {
    if (whole(n) == n) {
      return;
    }
    for (int k = 0; k < count; k++) {
      y[at + k] += tail(w, 2L * (r + k) * n, x, e, o, n);
    }
  }

  /**
   * Two rows times x, to out[at0] and out[at1]: x is loaded once for both. Only for rows that were
   * asked for ahead of their use: to the hardware's prefetcher two rows at once are no stream (2.5
   * times slower from memory).
   */
  private static void dot2(
      MemorySegment w,
      long row0,
      long row1,
      float[] x,
      int e,
      int o,
      int n,
      float[] out,
      int at0,
      int at1) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector b0 = a0;
    FloatVector a1 = a0;
    FloatVector b1 = a0;
    int end = whole(n);
    for (int i = 0; i < end; i += 2 * L) {
      FloatVector xe = FloatVector.fromArray(F, x, e + i / 2);
      FloatVector xo = FloatVector.fromArray(F, x, o + i / 2);
      IntVector v = load(w, row0 + 2L * i);
      a0 = even(v).fma(xe, a0);
      b0 = odd(v).fma(xo, b0);
      v = load(w, row1 + 2L * i);
      a1 = even(v).fma(xe, a1);
      b1 = odd(v).fma(xo, b1);
    }
    out[at0] = VectorMath.sum(a0.add(b0));
    out[at1] = VectorMath.sum(a1.add(b1));
    if (end < n) {
      out[at0] += tail(w, row0, x, e, o, n);
      out[at1] += tail(w, row1, x, e, o, n);
    }
  }

  /** y += h w[row], y ordered with halves at e and o. */
  private static void axpy(MemorySegment w, long row, float h, float[] y, int e, int o, int n) {
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
      y[((c & 1) == 0 ? e : o) + c / 2] += h * widen(w.get(SHORT, row + 2L * c));
    }
  }

  /** y += Σ_k h[at + k] w[row_k] for four rows. */
  private static void axpy4(
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

  /** Row to out[at, at + n) as floats in split order. */
  private static void widen(MemorySegment w, long row, int n, float[] out, int at) {
    int o = at + (n + 1) / 2;
    int end = whole(n);
    for (int i = 0; i < end; i += 2 * L) {
      IntVector v = load(w, row + 2L * i);
      even(v).intoArray(out, at + i / 2);
      odd(v).intoArray(out, o + i / 2);
    }
    for (int c = end; c < n; c++) {
      out[((c & 1) == 0 ? at : o) + c / 2] = widen(w.get(SHORT, row + 2L * c));
    }
  }
}
