package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inner loops for several tokens: weights and activations are float arrays here, widened before. A
 * tile of 4 tokens x 2 rows does 8 multiplications for 6 loads. Vectors are handed on through
 * memory: as arguments of a call that C2 does not inline they would become objects.
 */
final class VectorTile {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  private VectorTile() {}

  /**
   * Rows of n weights at r0 and r1 times the tokens at x0 .. x3, to y[at + t * tokenStep + r].
   *
   * @param sums lends 8 vectors of floats
   */
  static void products(
      float[] w,
      int r0,
      int r1,
      float[] x,
      int x0,
      int x1,
      int x2,
      int x3,
      int n,
      float[] y,
      int at,
      int tokenStep,
      float[] sums) {
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
      FloatVector v = FloatVector.fromArray(F, w, r0 + i);
      FloatVector u = FloatVector.fromArray(F, w, r1 + i);
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
    a0.intoArray(sums, 0);
    a1.intoArray(sums, L);
    a2.intoArray(sums, 2 * L);
    a3.intoArray(sums, 3 * L);
    b0.intoArray(sums, 4 * L);
    b1.intoArray(sums, 5 * L);
    b2.intoArray(sums, 6 * L);
    b3.intoArray(sums, 7 * L);
    VectorMath.sums(sums, 0, y, at, tokenStep);
    VectorMath.sums(sums, 4 * L, y, at + 1, tokenStep);
    for (int i = end; i < n; i++) {
      tail(w[r0 + i], x, x0 + i, x1 + i, x2 + i, x3 + i, y, at, tokenStep);
      tail(w[r1 + i], x, x0 + i, x1 + i, x2 + i, x3 + i, y, at + 1, tokenStep);
    }
  }

  private static void tail(
      float w, float[] x, int x0, int x1, int x2, int x3, float[] y, int at, int step) {
    y[at] += w * x[x0];
    y[at + step] += w * x[x1];
    y[at + 2 * step] += w * x[x2];
    y[at + 3 * step] += w * x[x3];
  }

  /** One row times one token. */
  static float product(float[] w, int row, float[] x, int at, int n) {
    FloatVector a = FloatVector.zero(F);
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      a = FloatVector.fromArray(F, w, row + i).fma(FloatVector.fromArray(F, x, at + i), a);
    }
    float sum = VectorMath.sum(a);
    for (int i = end; i < n; i++) {
      sum += w[row + i] * x[at + i];
    }
    return sum;
  }
}
