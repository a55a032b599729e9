package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A format of quantised weights in plain order, whose kernels all come from one: {@link
 * #widen(MemorySegment, long, int, float[], int)}, a row to floats. A row is widened into scratch
 * memory of the thread, which stays in the first-level cache, and multiplied there: so what comes
 * from memory are the quantised bytes alone, and all kernels compute with the same floats. A format
 * that people use most overrides {@link #dot}: the same floats, added up in the same order, but
 * without the way through memory.
 */
public abstract class BlockFormat extends Format {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  /** Of each thread; kernels do not call one another, so one row is enough. */
  private static final ThreadLocal<float[]> SCRATCH = ThreadLocal.withInitial(() -> new float[0]);

  /** For formats. */
  protected BlockFormat() {}

  /**
   * A row as floats in plain order, with the bits of {@link #get}.
   *
   * @param data of the matrix
   * @param row where the row begins, in bytes
   * @param columns of the row
   * @param out columns floats from {@code at}, written
   */
  protected abstract void widen(MemorySegment data, long row, int columns, float[] out, int at);

  @Override
  public void widen(Matrix w, int from, int to, float[] out) {
    int n = w.columns();
    long bytes = rowBytes(n);
    for (int r = from; r < to; r++) {
      widen(w.data(), r * bytes, n, out, (r - from) * n);
    }
  }

  /**
   * A row times x[at, at + columns), added up as {@link #rowSum} says.
   *
   * @param data of the matrix
   * @param row where the row begins, in bytes
   * @param scratch lends columns floats
   */
  float dot(MemorySegment data, long row, int columns, float[] x, int at, float[] scratch) {
    widen(data, row, columns, scratch, 0);
    return dot(scratch, x, at, columns);
  }

  @Override
  final RowSum rowSum(int columns) {
    return RowSum.ofTwo(columns);
  }

  @Override
  public void matvec(Matrix w, Input x, int token, float[] y, int yAt, int from, int to) {
    int n = w.columns();
    long bytes = rowBytes(n);
    float[] scratch = scratch(n);
    for (int r = from; r < to; r++) {
      fetchRow(w.data(), r * bytes, bytes, to * bytes);
      y[yAt + r] = dot(w.data(), r * bytes, n, x.floats(), x.at(token), scratch);
    }
  }

  @Override
  public void gateUp(
      Matrix records, int[] list, int from, int count, int end, Input x, int token, float[] h) {
    MemorySegment w = records.data();
    int n = records.columns();
    long bytes = rowBytes(n);
    long record = 3 * bytes;
    int ahead = ahead(record);
    float[] scratch = scratch(n);
    for (int k = 0; k < count; k++) {
      long at = list[from + k] * record;
      fetch(w, record, list, from + k + ahead, end);
      h[k] = dot(w, at, n, x.floats(), x.at(token), scratch);
      h[Kernels.NEURON_BLOCK + k] = dot(w, at + bytes, n, x.floats(), x.at(token), scratch);
    }
  }

  @Override
  public void addDown(
      Matrix records, int[] list, int from, int count, float[] h, float[] y, int yAt) {
    int n = records.columns();
    long bytes = rowBytes(n);
    float[] row = scratch(n);
    for (int k = 0; k < count; k++) {
      widen(records.data(), down(bytes, list, from + k), n, row, 0);
      axpy(h[k], row, y, yAt, n);
    }
  }

  @Override
  final int leastTokensWidened() {
    return 2;
  }

  /** A row is widened once for all tokens. */
  @Override
  public void gateUps(
      Matrix records,
      int[] list,
      int from,
      int count,
      int end,
      Input x,
      int[] tokens,
      float[][] h) {
    MemorySegment w = records.data();
    int n = records.columns();
    long bytes = rowBytes(n);
    int ahead = ahead(3 * bytes);
    float[] row = scratch(n);
    for (int k = 0; k < count; k++) {
      long at = list[from + k] * (3 * bytes);
      fetch(w, 3 * bytes, list, from + k + ahead, end);
      for (int up = 0; up < 2; up++) {
        widen(w, at + up * bytes, n, row, 0);
        for (int t = 0; t < tokens.length; t++) {
          h[t][up * Kernels.NEURON_BLOCK + k] = dot(row, x.floats(), x.at(tokens[t]), n);
        }
      }
    }
  }

  /** A row is widened once for all tokens. */
  @Override
  public void addDowns(
      Matrix records, int[] list, int from, int count, float[][] h, float[] y, int[] yAt) {
    int n = records.columns();
    float[] row = scratch(n);
    for (int k = 0; k < count; k++) {
      widen(records.data(), down(rowBytes(n), list, from + k), n, row, 0);
      for (int t = 0; t < yAt.length; t++) {
        axpy(h[t][k], row, y, yAt[t], n);
      }
    }
  }

  /** At least n floats of this thread's, in no state. */
  private static float[] scratch(int n) {
    float[] row = SCRATCH.get();
    if (row.length < n) {
      row = new float[n];
      SCRATCH.set(row);
    }
    return row;
  }

  /** A widened row times x[at ...]: a chain of the even vectors, one of the odd ones. */
  private static float dot(float[] row, float[] x, int at, int n) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    int i = 0;
    for (; i + 2 * L <= n; i += 2 * L) {
      a = FloatVector.fromArray(F, row, i).fma(FloatVector.fromArray(F, x, at + i), a);
      b = FloatVector.fromArray(F, row, i + L).fma(FloatVector.fromArray(F, x, at + i + L), b);
    }
    if (i + L <= n) {
      a = FloatVector.fromArray(F, row, i).fma(FloatVector.fromArray(F, x, at + i), a);
      i += L;
    }
    float tail = 0;
    for (; i < n; i++) {
      tail += row[i] * x[at + i];
    }
    return VectorMath.sum(a.add(b)) + tail;
  }

  /** y[at ...] += h row. */
  private static void axpy(float h, float[] row, float[] y, int at, int n) {
    FloatVector times = FloatVector.broadcast(F, h);
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      FloatVector.fromArray(F, row, i)
          .fma(times, FloatVector.fromArray(F, y, at + i))
          .intoArray(y, at + i);
    }
    for (int i = end; i < n; i++) {
      y[at + i] += h * row[i];
    }
  }
}
