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
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    FloatVector b4 = a0;
    FloatVector b5 = a0;
    for (int c = 0; c < n; c++) {
      FloatVector x = FloatVector.fromArray(F, tile, tileAt + c * TOKENS);
      FloatVector z = FloatVector.fromArray(F, tile, tileAt + c * TOKENS + L);
      FloatVector v = FloatVector.broadcast(F, w[at + c]);
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
    a0.intoArray(sums, 0);
    b0.intoArray(sums, L);
    a1.intoArray(sums, 2 * L);
    b1.intoArray(sums, 3 * L);
    a2.intoArray(sums, 4 * L);
    b2.intoArray(sums, 5 * L);
    a3.intoArray(sums, 6 * L);
    b3.intoArray(sums, 7 * L);
    a4.intoArray(sums, 8 * L);
    b4.intoArray(sums, 9 * L);
    a5.intoArray(sums, 10 * L);
    b5.intoArray(sums, 11 * L);
  }

  /** The same for the first half of the tile's tokens, with the same bits. */
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

  /** The same for one row, with the same bits. */
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

  /** The sums of some rows and tokens to y[at + t * yStride + k]. */
  static void spread(float[] sums, int rows, int tokens, float[] y, int at, int yStride) {
    for (int t = 0; t < tokens; t++) {
      for (int k = 0; k < rows; k++) {
        y[at + t * yStride + k] = sums[k * TOKENS + t];
      }
    }
  }
}
