package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Sums of the values of one page, weighed by the probabilities of queries. */
final class VectorMix {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  private VectorMix() {}

  /**
   * out += Σ_t p[pAt + t] v_t for n values v_t that lie one after the other from {@code first}, the
   * columns from {@code fromColumn}: four vectors of columns at a time, then one, then single ones.
   */
  static void mix(
      float[] p,
      int pAt,
      float[] values,
      int first,
      int n,
      int headDim,
      float[] out,
      int outAt,
      int fromColumn) {
    int i = fromColumn;
    for (; i + 4 * L <= headDim; i += 4 * L) {
      FloatVector a = FloatVector.fromArray(F, out, outAt + i);
      FloatVector b = FloatVector.fromArray(F, out, outAt + i + L);
      FloatVector c = FloatVector.fromArray(F, out, outAt + i + 2 * L);
      FloatVector d = FloatVector.fromArray(F, out, outAt + i + 3 * L);
      for (int t = 0; t < n; t++) {
        FloatVector w = FloatVector.broadcast(F, p[pAt + t]);
        int at = first + t * headDim + i;
        a = FloatVector.fromArray(F, values, at).fma(w, a);
        b = FloatVector.fromArray(F, values, at + L).fma(w, b);
        c = FloatVector.fromArray(F, values, at + 2 * L).fma(w, c);
        d = FloatVector.fromArray(F, values, at + 3 * L).fma(w, d);
      }
      a.intoArray(out, outAt + i);
      b.intoArray(out, outAt + i + L);
      c.intoArray(out, outAt + i + 2 * L);
      d.intoArray(out, outAt + i + 3 * L);
    }
    for (; i + L <= headDim; i += L) {
      FloatVector a = FloatVector.fromArray(F, out, outAt + i);
      for (int t = 0; t < n; t++) {
        a =
            FloatVector.fromArray(F, values, first + t * headDim + i)
                .fma(FloatVector.broadcast(F, p[pAt + t]), a);
      }
      a.intoArray(out, outAt + i);
    }
    for (; i < headDim; i++) {
      float sum = out[outAt + i];
      for (int t = 0; t < n; t++) {
        sum += p[pAt + t] * values[first + t * headDim + i];
      }
      out[outAt + i] = sum;
    }
  }

  /**
   * Mixes for the four queries from {@code query} on over the same values, whose probabilities
   * begin at pAt[k] + seen and whose outputs at outAt[k]; the bits are those of one by one.
   */
  static void mixOfFour(
      float[] p,
      int[] pAt,
      int query,
      int seen,
      float[] values,
      int first,
      int n,
      int headDim,
      float[] out,
      int[] outAt) {
    int i = 0;
    for (; i + 2 * L <= headDim; i += 2 * L) {
      columns(p, pAt, query, seen, values, first + i, n, headDim, out, outAt, i);
    }
    for (int k = query; k < query + 4 && i < headDim; k++) {
      mix(p, pAt[k] + seen, values, first, n, headDim, out, outAt[k], i);
    }
  }

  private static void columns(
      float[] p,
      int[] pAt,
      int query,
      int seen,
      float[] values,
      int first,
      int n,
      int headDim,
      float[] out,
      int[] outAt,
      int column) {
    int o0 = outAt[query] + column;
    int o1 = outAt[query + 1] + column;
    int o2 = outAt[query + 2] + column;
    int o3 = outAt[query + 3] + column;
    int p0 = pAt[query] + seen;
    int p1 = pAt[query + 1] + seen;
    int p2 = pAt[query + 2] + seen;
    int p3 = pAt[query + 3] + seen;
    FloatVector a0 = FloatVector.fromArray(F, out, o0);
    FloatVector b0 = FloatVector.fromArray(F, out, o0 + L);
    FloatVector a1 = FloatVector.fromArray(F, out, o1);
    FloatVector b1 = FloatVector.fromArray(F, out, o1 + L);
    FloatVector a2 = FloatVector.fromArray(F, out, o2);
    FloatVector b2 = FloatVector.fromArray(F, out, o2 + L);
    FloatVector a3 = FloatVector.fromArray(F, out, o3);
    FloatVector b3 = FloatVector.fromArray(F, out, o3 + L);
    for (int t = 0; t < n; t++) {
      FloatVector x = FloatVector.fromArray(F, values, first + t * headDim);
      FloatVector y = FloatVector.fromArray(F, values, first + t * headDim + L);
      FloatVector w = FloatVector.broadcast(F, p[p0 + t]);
      a0 = x.fma(w, a0);
      b0 = y.fma(w, b0);
      w = FloatVector.broadcast(F, p[p1 + t]);
      a1 = x.fma(w, a1);
      b1 = y.fma(w, b1);
      w = FloatVector.broadcast(F, p[p2 + t]);
      a2 = x.fma(w, a2);
      b2 = y.fma(w, b2);
      w = FloatVector.broadcast(F, p[p3 + t]);
      a3 = x.fma(w, a3);
      b3 = y.fma(w, b3);
    }
    a0.intoArray(out, o0);
    b0.intoArray(out, o0 + L);
    a1.intoArray(out, o1);
    b1.intoArray(out, o1 + L);
    a2.intoArray(out, o2);
    b2.intoArray(out, o2 + L);
    a3.intoArray(out, o3);
    b3.intoArray(out, o3 + L);
  }
}
