package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** 32-bit floats; the inner loops have the shapes of {@link Bf16} with plain activations. */
public final class F32 extends Format {
  /** The format. */
  public static final Format FORMAT = new F32();

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private F32() {}

  @Override
  public String name() {
    return "f32";
  }

  @Override
  public long rowBytes(int columns) {
    return 4L * columns;
  }

  @Override
  public boolean isStoredAs(String type) {
    return type.equals("F32");
  }

  @Override
  public float get(MemorySegment data, long row, int column, int columns) {
    return data.get(FLOAT, row + 4L * column);
  }

  @Override
  public void put(float[] values, MemorySegment data, long row) {
    MemorySegment.copy(values, 0, data, FLOAT, row, values.length);
  }

  @Override
  public void widen(Matrix w, int from, int to, float[] out) {
    int n = w.columns();
    MemorySegment.copy(w.data(), FLOAT, 4L * from * n, out, 0, Math.multiplyExact(to - from, n));
  }

  @Override
  public void matvec(Matrix w, Input x, int token, float[] y, int yAt, int from, int to) {
    int n = w.columns();
    for (int r = from; r < to; r++) {
      fetchRow(w.data(), 4L * r * n, 4L * n, 4L * to * n);
      y[yAt + r] = dot(w.data(), 4L * r * n, x.floats(), x.at(token), n);
    }
  }

  @Override
  RowSum rowSum(int columns) {
    return RowSum.ofTwo(columns);
  }

  @Override
  public void gateUp(
      Matrix records, int[] list, int from, int count, int end, Input x, int token, float[] h) {
    MemorySegment w = records.data();
    int n = records.columns();
    long row = 4L * n;
    long record = 3 * row;
    int ahead = ahead(record);
    for (int k = 0; k < count; k++) {
      long at = list[from + k] * record;
      fetch(w, record, list, from + k + ahead, end);
      h[k] = dot(w, at, x.floats(), x.at(token), n);
      h[Kernels.NEURON_BLOCK + k] = dot(w, at + row, x.floats(), x.at(token), n);
    }
  }

  @Override
  public void addDown(
      Matrix records, int[] list, int from, int count, float[] h, float[] y, int yAt) {
    MemorySegment w = records.data();
    int n = records.columns();
    long row = 4L * n;
    int k = 0;
    for (; k + 4 <= count; k += 4) {
      long d0 = down(row, list, from + k);
      long d1 = down(row, list, from + k + 1);
      long d2 = down(row, list, from + k + 2);
      long d3 = down(row, list, from + k + 3);
      axpy4(w, d0, d1, d2, d3, h, k, y, yAt, n);
    }
    for (; k < count; k++) {
      axpy(w, down(row, list, from + k), h[k], y, yAt, n);
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
    long row = 4L * w.columns();
    int n = column1 - column0;
    long first = 4L * column0;
    int ahead = ahead(Math.max(1, 4L * n));
    int k = from;
    for (; k + 4 <= to; k += 4) {
      for (int i = k; i < k + 4; i++) {
        fetchPart(data, row, first, 4L * n, list, i + ahead, to);
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
          n);
    }
    for (; k < to; k++) {
      axpy(data, list[k] * row + first, factors[k], y, yAt, n);
    }
  }

  @Override
  public void widenColumns(
      Matrix w, int from, int to, int column0, int column1, float[] out, int stride) {
    int n = column1 - column0;
    for (int r = from; r < to; r++) {
      long at = 4L * ((long) r * w.columns() + column0);
      MemorySegment.copy(w.data(), FLOAT, at, out, (r - from) * stride, n);
    }
  }

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
  private static float dot(MemorySegment w, long row, float[] x, int at, int n) {
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

  /** y += h w[row]. */
  private static void axpy(MemorySegment w, long row, float h, float[] y, int at, int n) {
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
  private static void axpy4(
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
}
