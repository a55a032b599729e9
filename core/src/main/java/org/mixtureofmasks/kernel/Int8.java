package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Signed bytes with one scale for a row, symmetric about 0: w = scale q, q in [-127, 127]. Products
 * sum q x and multiply by the scale at the end.
 *
 * <p>A row is its n bytes, then the scale as a float. Behind the weights the scale costs no
 * padding: a row that is a whole number of 16 bytes would take 3 % more of a row of 576, and memory
 * is what decoding waits for.
 */
public final class Int8 extends Format {
  /** The format. */
  public static final Int8 FORMAT = new Int8();

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  private static final ValueLayout.OfFloat SCALE =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Int8() {}

  @Override
  public String name() {
    return "int8";
  }

  @Override
  public long rowBytes(int columns) {
    return columns + (long) Float.BYTES;
  }

  @Override
  public float get(MemorySegment data, long row, int column, int columns) {
    return scale(data, row, columns) * data.get(ValueLayout.JAVA_BYTE, row + column);
  }

  /** Rounds as {@link Rounding#int8} does: no weight is off by more than half of the scale. */
  @Override
  public void put(float[] values, MemorySegment data, long row) {
    byte[] q = new byte[values.length];
    put(q, Rounding.int8(values, q), data, row);
  }

  /**
   * Stores a row that is rounded already.
   *
   * @param q its weights over the scale
   * @param scale of the row
   * @param data of the matrix
   * @param row where the row begins, in bytes
   */
  public void put(byte[] q, float scale, MemorySegment data, long row) {
    MemorySegment.copy(q, 0, data, ValueLayout.JAVA_BYTE, row, q.length);
    data.set(SCALE, row + q.length, scale);
  }

  private static float scale(MemorySegment w, long row, int n) {
    return w.get(SCALE, row + n);
  }

  @Override
  public void widen(Matrix w, int from, int to, float[] out) {
    int n = w.columns();
    for (int r = from; r < to; r++) {
      long row = r * rowBytes(n);
      widen(w.data(), row, n, scale(w.data(), row, n), out, (r - from) * n);
    }
  }

  @Override
  RowSum rowSum(int columns) {
    return RowSum.ofTwo(columns);
  }

  @Override
  void summands(Matrix w, int from, int to, float[] out) {
    int n = w.columns();
    for (int r = from; r < to; r++) {
      widen(w.data(), r * rowBytes(n), n, 1, out, (r - from) * n);
    }
  }

  @Override
  float factor(Matrix w, int row) {
    return scale(w.data(), row * rowBytes(w.columns()), w.columns());
  }

  @Override
  public void matvec(Matrix w, Input input, int token, float[] y, int yAt, int from, int to) {
    MemorySegment data = w.data();
    float[] x = input.floats();
    int n = w.columns();
    int at = input.at(token);
    long row = rowBytes(n);
    float[] partial = new float[4 * L];
    int r = from;
    for (; r + 4 <= to; r += 4) {
      for (int k = 0; k < 4; k++) {
        fetchRow(data, (r + k) * row, row, to * row);
        partialDot(data, (r + k) * row, x, at, n, partial, k * L);
      }
      VectorMath.sums(partial, 0, y, yAt + r, 1);
      for (int k = 0; k < 4; k++) {
        y[yAt + r + k] = finish(data, (r + k) * row, x, at, n, y[yAt + r + k]);
      }
    }
    for (; r < to; r++) {
      y[yAt + r] = dot(data, r * row, x, at, n);
    }
  }

  @Override
  public void gateUp(
      Matrix records, int[] list, int from, int count, int end, Input input, int token, float[] h) {
    MemorySegment w = records.data();
    float[] x = input.floats();
    int n = records.columns();
    int at = input.at(token);
    long row = rowBytes(n);
    long record = 3 * row;
    int ahead = ahead(record);
    for (int k = 0; k < count; k++) {
      long gate = list[from + k] * record;
      fetch(w, record, list, from + k + ahead, end);
      if (Prefetch.available()) {
        dot2(w, gate, gate + row, x, at, n, h, k, Kernels.NEURON_BLOCK + k);
      } else {
        h[k] = dot(w, gate, x, at, n);
        h[Kernels.NEURON_BLOCK + k] = dot(w, gate + row, x, at, n);
      }
    }
  }

  @Override
  public void addDown(
      Matrix records, int[] list, int from, int count, float[] h, float[] y, int yAt) {
    MemorySegment w = records.data();
    int n = records.columns();
    long row = rowBytes(n);
    int k = 0;
    for (; k + 4 <= count; k += 4) {
      long d0 = down(row, list, from + k);
      long d1 = down(row, list, from + k + 1);
      long d2 = down(row, list, from + k + 2);
      long d3 = down(row, list, from + k + 3);
      float h0 = h[k] * scale(w, d0, n);
      float h1 = h[k + 1] * scale(w, d1, n);
      float h2 = h[k + 2] * scale(w, d2, n);
      float h3 = h[k + 3] * scale(w, d3, n);
      axpy4(w, d0, d1, d2, d3, h0, h1, h2, h3, y, yAt, n);
    }
    for (; k < count; k++) {
      long d = down(row, list, from + k);
      axpy(w, d, h[k] * scale(w, d, n), y, yAt, n);
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
    int columns = w.columns();
    long row = rowBytes(columns);
    int n = column1 - column0;
    int ahead = ahead(Math.max(1, n));
    int k = from;
    for (; k + 4 <= to; k += 4) {
      for (int i = k; i < k + 4; i++) {
        fetchPart(data, row, column0, n, list, i + ahead, to);
        fetchPart(data, row, columns, Float.BYTES, list, i + ahead, to);
      }
      long r0 = list[k] * row;
      long r1 = list[k + 1] * row;
      long r2 = list[k + 2] * row;
      long r3 = list[k + 3] * row;
      float h0 = factors[k] * scale(data, r0, columns);
      float h1 = factors[k + 1] * scale(data, r1, columns);
      float h2 = factors[k + 2] * scale(data, r2, columns);
      float h3 = factors[k + 3] * scale(data, r3, columns);
      int c = column0;
      axpy4(data, r0 + c, r1 + c, r2 + c, r3 + c, h0, h1, h2, h3, y, yAt, n);
    }
    for (; k < to; k++) {
      long r = list[k] * row;
      axpy(data, r + column0, factors[k] * scale(data, r, columns), y, yAt, n);
    }
  }

  @Override
  public void widenColumns(
      Matrix w, int from, int to, int column0, int column1, float[] out, int stride) {
    int n = w.columns();
    for (int r = from; r < to; r++) {
      long row = r * rowBytes(n);
      float scale = scale(w.data(), row, n);
      widen(w.data(), row + column0, column1 - column0, scale, out, (r - from) * stride);
    }
  }

  /** L bytes as floats. */
  private static FloatVector load(MemorySegment w, long at) {
    return ByteLanes.floats(ByteLanes.signed(w, at));
  }

  private static FloatVector x(float[] x, int at) {
    return FloatVector.fromArray(F, x, at);
  }

  /** Elements that whole pairs of vectors cover. */
  private static int pairs(int n) {
    return n / (2 * L) * (2 * L);
  }

  /** A row's product of a sum over whole vectors: what these leave out is added, then scaled. */
  private static float finish(MemorySegment w, long row, float[] x, int at, int n, float sum) {
    float tail = 0;
    for (int c = F.loopBound(n); c < n; c++) {
      tail += w.get(ValueLayout.JAVA_BYTE, row + c) * x[at + c];
    }
    return (sum + tail) * scale(w, row, n);
  }

  /**
   * One row times x. Rows are read one after the other, not several at once: as one stream the
   * hardware prefetches them best.
   */
  private static float dot(MemorySegment w, long row, float[] x, int at, int n) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    int end = pairs(n);
    for (int i = 0; i < end; i += 2 * L) {
      a = load(w, row + i).fma(x(x, at + i), a);
      b = load(w, row + i + L).fma(x(x, at + i + L), b);
    }
    if (end + L <= n) {
      a = load(w, row + end).fma(x(x, at + end), a);
    }
    return finish(w, row, x, at, n, VectorMath.sum(a.add(b)));
  }

  /** The sums of {@link #dot} over whole vectors, unscaled, to out[to, to + L). */
  private static void partialDot(
      MemorySegment w, long row, float[] x, int at, int n, float[] out, int to) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    int end = pairs(n);
    for (int i = 0; i < end; i += 2 * L) {
      a = load(w, row + i).fma(x(x, at + i), a);
      b = load(w, row + i + L).fma(x(x, at + i + L), b);
    }
    if (end + L <= n) {
      a = load(w, row + end).fma(x(x, at + end), a);
    }
    a.add(b).intoArray(out, to);
  }

  /**
   * Two rows times x, to out[to0] and out[to1]: x is loaded once for both. Only for rows that were
   * asked for ahead of their use: to the hardware's prefetcher two rows at once are no stream.
   */
  private static void dot2(
      MemorySegment w,
      long row0,
      long row1,
      float[] x,
      int at,
      int n,
      float[] out,
      int to0,
      int to1) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector b0 = a0;
    FloatVector a1 = a0;
    FloatVector b1 = a0;
    int end = pairs(n);
    for (int i = 0; i < end; i += 2 * L) {
      FloatVector v = x(x, at + i);
      a0 = load(w, row0 + i).fma(v, a0);
      a1 = load(w, row1 + i).fma(v, a1);
      v = x(x, at + i + L);
      b0 = load(w, row0 + i + L).fma(v, b0);
      b1 = load(w, row1 + i + L).fma(v, b1);
    }
    if (end + L <= n) {
      FloatVector v = x(x, at + end);
      a0 = load(w, row0 + end).fma(v, a0);
      a1 = load(w, row1 + end).fma(v, a1);
    }
    out[to0] = finish(w, row0, x, at, n, VectorMath.sum(a0.add(b0)));
    out[to1] = finish(w, row1, x, at, n, VectorMath.sum(a1.add(b1)));
  }

  /** y += h q[row]. */
  private static void axpy(MemorySegment w, long row, float h, float[] y, int at, int n) {
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      load(w, row + i).fma(FloatVector.broadcast(F, h), x(y, at + i)).intoArray(y, at + i);
    }
    axpyTail(w, row, h, y, at, n);
  }

  private static void axpyTail(MemorySegment w, long row, float h, float[] y, int at, int n) {
    for (int c = F.loopBound(n); c < n; c++) {
      y[at + c] += h * w.get(ValueLayout.JAVA_BYTE, row + c);
    }
  }

  /** y += Σ_k h_k q[row_k] for four rows. */
  private static void axpy4(
      MemorySegment w,
      long row0,
      long row1,
      long row2,
      long row3,
      float h0,
      float h1,
      float h2,
      float h3,
      float[] y,
      int at,
      int n) {
    FloatVector v0 = FloatVector.broadcast(F, h0);
    FloatVector v1 = FloatVector.broadcast(F, h1);
    FloatVector v2 = FloatVector.broadcast(F, h2);
    FloatVector v3 = FloatVector.broadcast(F, h3);
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      FloatVector a = x(y, at + i);
      a = load(w, row0 + i).fma(v0, a);
      a = load(w, row1 + i).fma(v1, a);
      a = load(w, row2 + i).fma(v2, a);
      a = load(w, row3 + i).fma(v3, a);
      a.intoArray(y, at + i);
    }
    if (end < n) {
      axpyTail(w, row0, h0, y, at, n);
      axpyTail(w, row1, h1, y, at, n);
      axpyTail(w, row2, h2, y, at, n);
      axpyTail(w, row3, h3, y, at, n);
    }
  }

  /** A row times a scale, to out[at, at + n). */
  private static void widen(MemorySegment w, long row, int n, float scale, float[] out, int at) {
    FloatVector s = FloatVector.broadcast(F, scale);
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      load(w, row + i).mul(s).intoArray(out, at + i);
    }
    for (int c = end; c < n; c++) {
      out[at + c] = scale * w.get(ValueLayout.JAVA_BYTE, row + c);
    }
  }
}
