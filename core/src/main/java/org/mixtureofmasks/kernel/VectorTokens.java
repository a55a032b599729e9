package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inner loops for many tokens, which are the lanes: activations are transposed, so a weight is
 * broadcast and its products need no sum across lanes. 6 rows x 2 vectors of tokens do 12
 * multiplications for 8 loads and need 15 registers, of which the smallest machines have 16.
 */
final class VectorTokens {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  /** Tokens of a tile. */
  static final int TOKENS = 2 * L;

  /** Rows that {@link #rows} computes together. */
  static final int ROWS = 6;

  private VectorTokens() {}

  /** ROWS rows of n weights from w[at] on times a tile: row k, token t to sums[k * TOKENS + t]. */
  static void rows(float[] w, int at, int n, float[] tile, int tileAt, float[] sums) {
    int r3 = at + 3 * n;
    rows(w, at, at + n, at + 2 * n, r3, r3 + n, r3 + 2 * n, n, tile, tileAt, sums, 0, 3 * TOKENS);
  }

  /** Six rows that begin anywhere: three to sums from {@code first}, three from second. */
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
      FloatVector x = FloatVector.fromArray(F, tile, tileAt + c * TOKENS);
      FloatVector z = FloatVector.fromArray(F, tile, tileAt + c * TOKENS + L);
      FloatVector v = FloatVector.broadcast(F, w[r0 + c]);
      a0 = v.fma(x, a0);
      b0 = v.fma(z, b0);
      v = FloatVector.broadcast(F, w[r1 + c]);
      a1 = v.fma(x, a1);
      b1 = v.fma(z, b1);
      v = FloatVector.broadcast(F, w[r2 + c]);
      a2 = v.fma(x, a2);
      b2 = v.fma(z, b2);
      v = FloatVector.broadcast(F, w[r3 + c]);
      a3 = v.fma(x, a3);
      b3 = v.fma(z, b3);
      v = FloatVector.broadcast(F, w[r4 + c]);
      a4 = v.fma(x, a4);
      b4 = v.fma(z, b4);
      v = FloatVector.broadcast(F, w[r5 + c]);
      a5 = v.fma(x, a5);
      b5 = v.fma(z, b5);
    }
    a0.intoArray(sums, first);
    b0.intoArray(sums, first + L);
    a1.intoArray(sums, first + 2 * L);
    b1.intoArray(sums, first + 3 * L);
    a2.intoArray(sums, first + 4 * L);
    b2.intoArray(sums, first + 5 * L);
    a3.intoArray(sums, second);
    b3.intoArray(sums, second + L);
    a4.intoArray(sums, second + 2 * L);
    b4.intoArray(sums, second + 3 * L);
    a5.intoArray(sums, second + 4 * L);
    b5.intoArray(sums, second + 5 * L);
  }

  /** Six rows for the first half of the tile's tokens, with the same bits as for all. */
  static void rowsOfHalf(float[] w, int at, int n, float[] tile, int tileAt, float[] sums) {
    int r1 = at + n;
    int r2 = r1 + n;
    int r3 = r2 + n;
    int r4 = r3 + n;
    int r5 = r4 + n;
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector a4 = a0;
    FloatVector a5 = a0;
    for (int c = 0; c < n; c++) {
      FloatVector x = FloatVector.fromArray(F, tile, tileAt + c * TOKENS);
      a0 = FloatVector.broadcast(F, w[at + c]).fma(x, a0);
      a1 = FloatVector.broadcast(F, w[r1 + c]).fma(x, a1);
      a2 = FloatVector.broadcast(F, w[r2 + c]).fma(x, a2);
      a3 = FloatVector.broadcast(F, w[r3 + c]).fma(x, a3);
      a4 = FloatVector.broadcast(F, w[r4 + c]).fma(x, a4);
      a5 = FloatVector.broadcast(F, w[r5 + c]).fma(x, a5);
    }
    a0.intoArray(sums, 0);
    a1.intoArray(sums, TOKENS);
    a2.intoArray(sums, 2 * TOKENS);
    a3.intoArray(sums, 3 * TOKENS);
    a4.intoArray(sums, 4 * TOKENS);
    a5.intoArray(sums, 5 * TOKENS);
  }

  /** One row, with the same bits as among six. */
  static void row(float[] w, int at, int n, float[] tile, int tileAt, float[] sums) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    for (int c = 0; c < n; c++) {
      FloatVector v = FloatVector.broadcast(F, w[at + c]);
      a = v.fma(FloatVector.fromArray(F, tile, tileAt + c * TOKENS), a);
      b = v.fma(FloatVector.fromArray(F, tile, tileAt + c * TOKENS + L), b);
    }
    a.intoArray(sums, 0);
    b.intoArray(sums, L);
  }

  /**
   * ROWS columns of a sum of rows: y[at + i * TOKENS + t] += Σ_k w[row_k + i] h[k * TOKENS + t] for
   * the {@code count} rows that begin at w[rows[k] + column].
   */
  static void columns(float[] w, int[] rows, int count, int column, float[] h, float[] y, int at) {
    FloatVector a0 = FloatVector.fromArray(F, y, at);
    FloatVector b0 = FloatVector.fromArray(F, y, at + L);
    FloatVector a1 = FloatVector.fromArray(F, y, at + 2 * L);
    FloatVector b1 = FloatVector.fromArray(F, y, at + 3 * L);
    FloatVector a2 = FloatVector.fromArray(F, y, at + 4 * L);
    FloatVector b2 = FloatVector.fromArray(F, y, at + 5 * L);
    FloatVector a3 = FloatVector.fromArray(F, y, at + 6 * L);
    FloatVector b3 = FloatVector.fromArray(F, y, at + 7 * L);
    FloatVector a4 = FloatVector.fromArray(F, y, at + 8 * L);
    FloatVector b4 = FloatVector.fromArray(F, y, at + 9 * L);
    FloatVector a5 = FloatVector.fromArray(F, y, at + 10 * L);
    FloatVector b5 = FloatVector.fromArray(F, y, at + 11 * L);
    for (int k = 0; k < count; k++) {
      FloatVector x = FloatVector.fromArray(F, h, k * TOKENS);
      FloatVector z = FloatVector.fromArray(F, h, k * TOKENS + L);
      int r = rows[k] + column;
      FloatVector v = FloatVector.broadcast(F, w[r]);
      a0 = v.fma(x, a0);
      b0 = v.fma(z, b0);
      v = FloatVector.broadcast(F, w[r + 1]);
      a1 = v.fma(x, a1);
      b1 = v.fma(z, b1);
      v = FloatVector.broadcast(F, w[r + 2]);
      a2 = v.fma(x, a2);
      b2 = v.fma(z, b2);
      v = FloatVector.broadcast(F, w[r + 3]);
      a3 = v.fma(x, a3);
      b3 = v.fma(z, b3);
      v = FloatVector.broadcast(F, w[r + 4]);
      a4 = v.fma(x, a4);
      b4 = v.fma(z, b4);
      v = FloatVector.broadcast(F, w[r + 5]);
      a5 = v.fma(x, a5);
      b5 = v.fma(z, b5);
    }
    a0.intoArray(y, at);
    b0.intoArray(y, at + L);
    a1.intoArray(y, at + 2 * L);
    b1.intoArray(y, at + 3 * L);
    a2.intoArray(y, at + 4 * L);
    b2.intoArray(y, at + 5 * L);
    a3.intoArray(y, at + 6 * L);
    b3.intoArray(y, at + 7 * L);
    a4.intoArray(y, at + 8 * L);
    b4.intoArray(y, at + 9 * L);
    a5.intoArray(y, at + 10 * L);
    b5.intoArray(y, at + 11 * L);
  }

  /** One column, with the same bits as among several. */
  static void column(float[] w, int[] rows, int count, int column, float[] h, float[] y, int at) {
    FloatVector a = FloatVector.fromArray(F, y, at);
    FloatVector b = FloatVector.fromArray(F, y, at + L);
    for (int k = 0; k < count; k++) {
      FloatVector v = FloatVector.broadcast(F, w[rows[k] + column]);
      a = v.fma(FloatVector.fromArray(F, h, k * TOKENS), a);
      b = v.fma(FloatVector.fromArray(F, h, k * TOKENS + L), b);
    }
    a.intoArray(y, at);
    b.intoArray(y, at + L);
  }

  /** The sums of some rows and tokens to y[at + t * yStride + k]. */
  static void spread(float[] sums, int rows, int tokens, float[] y, int at, int yStride) {
    for (int t = 0; t < tokens; t++) {
      for (int k = 0; k < rows; k++) {
        y[at + t * yStride + k] = sums[k * TOKENS + t];
      }
    }
  }
}
