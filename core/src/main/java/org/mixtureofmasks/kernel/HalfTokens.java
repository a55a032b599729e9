package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops of {@link VectorTokens} for half a tile: 12 rows x 1 vector of tokens do 12
 * multiplications for 13 loads, which costs a token some more than in a whole tile, but half of it
 * where there are no tokens for the other half. The bits are those of the whole tile.
 */
final class HalfTokens {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  /** Tokens of half a tile. */
  static final int TOKENS = L;

  /** Columns that {@link #columns} computes together. */
  static final int ROWS = 12;

  private HalfTokens() {}

  /**
   * The gate rows of n weights of six records, and the up rows that follow each: products of record
   * k and token t to sums[first + k * TOKENS + t], of its up row to sums[second ...].
   *
   * @param stride from a column of the tile to the next
   */
  static void rows(
      float[] w,
      int r0,
      int r1,
      int r2,
      int r3,
      int r4,
      int r5,
      int n,
      float[] tile,
      int tileAt,
      int stride,
      float[] sums,
      int first,
      int second) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector a4 = a0;
    FloatVector a5 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    FloatVector b4 = a0;
    FloatVector b5 = a0;
    for (int c = 0; c < n; c++) {
      FloatVector x = FloatVector.fromArray(F, tile, tileAt + c * stride);
      a0 = FloatVector.broadcast(F, w[r0 + c]).fma(x, a0);
      b0 = FloatVector.broadcast(F, w[r0 + n + c]).fma(x, b0);
      a1 = FloatVector.broadcast(F, w[r1 + c]).fma(x, a1);
      b1 = FloatVector.broadcast(F, w[r1 + n + c]).fma(x, b1);
      a2 = FloatVector.broadcast(F, w[r2 + c]).fma(x, a2);
      b2 = FloatVector.broadcast(F, w[r2 + n + c]).fma(x, b2);
      a3 = FloatVector.broadcast(F, w[r3 + c]).fma(x, a3);
      b3 = FloatVector.broadcast(F, w[r3 + n + c]).fma(x, b3);
      a4 = FloatVector.broadcast(F, w[r4 + c]).fma(x, a4);
      b4 = FloatVector.broadcast(F, w[r4 + n + c]).fma(x, b4);
      a5 = FloatVector.broadcast(F, w[r5 + c]).fma(x, a5);
      b5 = FloatVector.broadcast(F, w[r5 + n + c]).fma(x, b5);
    }
    a0.intoArray(sums, first);
    a1.intoArray(sums, first + L);
    a2.intoArray(sums, first + 2 * L);
    a3.intoArray(sums, first + 3 * L);
    a4.intoArray(sums, first + 4 * L);
    a5.intoArray(sums, first + 5 * L);
    b0.intoArray(sums, second);
    b1.intoArray(sums, second + L);
    b2.intoArray(sums, second + 2 * L);
    b3.intoArray(sums, second + 3 * L);
    b4.intoArray(sums, second + 4 * L);
    b5.intoArray(sums, second + 5 * L);
  }

  /**
   * ROWS columns of a sum of rows: y[at + i * stride + t] += Σ_k w[row_k + i] h[hAt + k * TOKENS +
   * t] for the {@code count} rows that begin at w[rows[k] + column].
   */
  static void columns(
      float[] w,
      int[] rows,
      int count,
      int column,
      float[] h,
      int hAt,
      float[] y,
      int at,
      int stride) {
    FloatVector a0 = FloatVector.fromArray(F, y, at);
    FloatVector a1 = FloatVector.fromArray(F, y, at + stride);
    FloatVector a2 = FloatVector.fromArray(F, y, at + 2 * stride);
    FloatVector a3 = FloatVector.fromArray(F, y, at + 3 * stride);
    FloatVector a4 = FloatVector.fromArray(F, y, at + 4 * stride);
    FloatVector a5 = FloatVector.fromArray(F, y, at + 5 * stride);
    FloatVector a6 = FloatVector.fromArray(F, y, at + 6 * stride);
    FloatVector a7 = FloatVector.fromArray(F, y, at + 7 * stride);
    FloatVector a8 = FloatVector.fromArray(F, y, at + 8 * stride);
    FloatVector a9 = FloatVector.fromArray(F, y, at + 9 * stride);
    FloatVector a10 = FloatVector.fromArray(F, y, at + 10 * stride);
    FloatVector a11 = FloatVector.fromArray(F, y, at + 11 * stride);
    for (int k = 0; k < count; k++) {
      FloatVector x = FloatVector.fromArray(F, h, hAt + k * TOKENS);
      int r = rows[k] + column;
      a0 = FloatVector.broadcast(F, w[r]).fma(x, a0);
      a1 = FloatVector.broadcast(F, w[r + 1]).fma(x, a1);
      a2 = FloatVector.broadcast(F, w[r + 2]).fma(x, a2);
      a3 = FloatVector.broadcast(F, w[r + 3]).fma(x, a3);
      a4 = FloatVector.broadcast(F, w[r + 4]).fma(x, a4);
      a5 = FloatVector.broadcast(F, w[r + 5]).fma(x, a5);
      a6 = FloatVector.broadcast(F, w[r + 6]).fma(x, a6);
      a7 = FloatVector.broadcast(F, w[r + 7]).fma(x, a7);
      a8 = FloatVector.broadcast(F, w[r + 8]).fma(x, a8);
      a9 = FloatVector.broadcast(F, w[r + 9]).fma(x, a9);
      a10 = FloatVector.broadcast(F, w[r + 10]).fma(x, a10);
      a11 = FloatVector.broadcast(F, w[r + 11]).fma(x, a11);
    }
    a0.intoArray(y, at);
    a1.intoArray(y, at + stride);
    a2.intoArray(y, at + 2 * stride);
    a3.intoArray(y, at + 3 * stride);
    a4.intoArray(y, at + 4 * stride);
    a5.intoArray(y, at + 5 * stride);
    a6.intoArray(y, at + 6 * stride);
    a7.intoArray(y, at + 7 * stride);
    a8.intoArray(y, at + 8 * stride);
    a9.intoArray(y, at + 9 * stride);
    a10.intoArray(y, at + 10 * stride);
    a11.intoArray(y, at + 11 * stride);
  }

  /** One column, with the same bits as among several. */
  static void column(
      float[] w, int[] rows, int count, int column, float[] h, int hAt, float[] y, int at) {
    FloatVector a = FloatVector.fromArray(F, y, at);
    for (int k = 0; k < count; k++) {
      FloatVector v = FloatVector.broadcast(F, w[rows[k] + column]);
      a = v.fma(FloatVector.fromArray(F, h, hAt + k * TOKENS), a);
    }
    a.intoArray(y, at);
  }
}
