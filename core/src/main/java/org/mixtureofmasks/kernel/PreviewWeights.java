package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.mixtureofmasks.UserError;

/**
 * Four bits a weight and no scale: w = q - 7.5, q in [0, 15], for rows whose scale is multiplied
 * into the factors of a sum. Of 32 weights the first 16 are in the low nibbles of 16 bytes, as in
 * {@link Q4}.
 */
public final class PreviewWeights extends Format {
  /** The format. */
  public static final PreviewWeights FORMAT = new PreviewWeights();

  /** Weights whose nibbles lie together. */
  static final int BLOCK = 32;

  private static final int HALF = BLOCK / 2;
  private static final int L = ByteLanes.L;
  private static final float CENTRE = 7.5f;

  /** All weights that there are, by q, where vectors have so many lanes. */
  private static final IntVector WEIGHTS =
      ByteLanes.zero().addIndex(1).sub(CENTRE).reinterpretAsInts();

  private PreviewWeights() {}

  @Override
  public String name() {
    return "preview";
  }

  @Override
  public long rowBytes(int columns) {
    if (columns % BLOCK != 0) {
      throw new UserError(
          "a preview has rows of whole blocks of %d weights, not %d".formatted(BLOCK, columns));
    }
    return columns / 2;
  }

  @Override
  public float get(MemorySegment data, long row, int column, int columns) {
    return Nibbles.get(data, row + column / BLOCK * (long) HALF, column % BLOCK) - CENTRE;
  }

  /** Rounds to the nearest of the 16 weights that there are. */
  @Override
  public void put(float[] values, MemorySegment data, long row) {
    for (int at = 0; at < values.length; at += BLOCK) {
      Nibbles.put(values, at, -CENTRE, 1, 0, 15, data, row + at / 2);
    }
  }

  /** Whether whole blocks make up a part of a row. */
  static boolean wholeBlocks(int column0, int column1) {
    return column0 % BLOCK == 0 && column1 % BLOCK == 0;
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
    if (!wholeBlocks(column0, column1)) {
      super.addRows(w, list, from, to, factors, y, yAt, column0, column1);
      return;
    }
    MemorySegment data = w.data();
    long row = rowBytes(w.columns());
    long first = column0 / 2;
    int bytes = (column1 - column0) / 2;
    int ahead = ahead(Math.max(1, bytes));
    int k = from;
    for (; k + 4 <= to; k += 4) {
      for (int i = k; i < k + 4; i++) {
        fetchPart(data, row, first, bytes, list, i + ahead, to);
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
          bytes);
    }
    for (; k < to; k++) {
      axpy(data, list[k] * row + first, factors[k], y, yAt, bytes);
    }
  }

  private static FloatVector broadcast(float value) {
    return FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, value);
  }

  /** The weights of the low nibbles of L bytes. */
  private static FloatVector low(IntVector pairs) {
    IntVector q = pairs.and(15);
    return L == HALF
        ? q.selectFrom(WEIGHTS).reinterpretAsFloats()
        : ByteLanes.floats(q).sub(CENTRE);
  }

  private static FloatVector high(IntVector pairs) {
    return low(pairs.lanewise(VectorOperators.LSHR, 4));
  }

  /** Where the low nibbles of byte i of a row belong: those of the high ones are HALF behind. */
  private static int place(int i) {
    return i / HALF * BLOCK + i % HALF;
  }

  /** y += h w[row] of as many bytes. */
  private static void axpy(MemorySegment w, long row, float h, float[] y, int at, int bytes) {
    FloatVector v = broadcast(h);
    for (int i = 0; i < bytes; i += L) {
      int c = at + place(i);
      IntVector pairs = ByteLanes.unsigned(w, row + i);
      low(pairs).fma(v, ByteLanes.floats(y, c)).intoArray(y, c);
      high(pairs).fma(v, ByteLanes.floats(y, c + HALF)).intoArray(y, c + HALF);
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
      int bytes) {
    FloatVector h0 = broadcast(h[from]);
    FloatVector h1 = broadcast(h[from + 1]);
    FloatVector h2 = broadcast(h[from + 2]);
    FloatVector h3 = broadcast(h[from + 3]);
    for (int i = 0; i < bytes; i += L) {
      int c = at + place(i);
      FloatVector a = ByteLanes.floats(y, c);
      FloatVector b = ByteLanes.floats(y, c + HALF);
      IntVector pairs = ByteLanes.unsigned(w, row0 + i);
      a = low(pairs).fma(h0, a);
      b = high(pairs).fma(h0, b);
      pairs = ByteLanes.unsigned(w, row1 + i);
      a = low(pairs).fma(h1, a);
      b = high(pairs).fma(h1, b);
      pairs = ByteLanes.unsigned(w, row2 + i);
      a = low(pairs).fma(h2, a);
      b = high(pairs).fma(h2, b);
      pairs = ByteLanes.unsigned(w, row3 + i);
      a = low(pairs).fma(h3, a);
      b = high(pairs).fma(h3, b);
      a.intoArray(y, c);
      b.intoArray(y, c + HALF);
    }
  }

  @Override
  public void widenColumns(
      Matrix w, int from, int to, int column0, int column1, float[] out, int stride) {
    if (column0 % L != 0 || column1 % L != 0) {
      super.widenColumns(w, from, to, column0, column1, out, stride);
      return;
    }
    long row = rowBytes(w.columns());
    for (int r = from; r < to; r++) {
      for (int c = column0; c < column1; c += L) {
        int within = c % BLOCK;
        IntVector pairs =
            ByteLanes.unsigned(w.data(), r * row + c / BLOCK * (long) HALF + within % HALF);
        (within < HALF ? low(pairs) : high(pairs))
            .intoArray(out, (r - from) * stride + c - column0);
      }
    }
  }
}
