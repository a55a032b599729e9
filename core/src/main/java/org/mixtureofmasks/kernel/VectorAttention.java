package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Attention of some queries over a blocked key cache, page by page: what several queries see of a
 * page is read from memory once, and comes from the nearest cache for the others. A vector holds
 * the same coordinate of the keys of neighbouring slots: their scores need no reduction across
 * lanes, and keys and values are read front to back. Queries go four at a time, what is left one by
 * one, with the same bits.
 */
final class VectorAttention {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final int BLOCK = Kernels.KEY_BLOCK;

  private VectorAttention() {}

  /**
   * Scores of queries [first, last) over the slots of some spans, to out from at[k] + seen on.
   *
   * @param spans each within one page, see {@link KvSpans#byPage}
   * @return how many slots each query has seen now
   */
  static int scores(
      float[] q,
      int[] qAt,
      int first,
      int last,
      KvHead cache,
      int[] spans,
      float scale,
      float[] out,
      int[] at,
      int seen) {
    int next = seen;
    for (int i = 0; i < spans.length; i += 2) {
      scoresInPage(q, qAt, first, last, cache, spans[i], spans[i + 1], scale, out, at, next);
      next += spans[i + 1] - spans[i];
    }
    return next;
  }

  private static void scoresInPage(
      float[] q,
      int[] qAt,
      int first,
      int last,
      KvHead cache,
      int from,
      int to,
      float scale,
      float[] out,
      int[] at,
      int seen) {
    float[] page = cache.page(from);
    int keysAt = cache.keysAt();
    int headDim = cache.headDim();
    int slot = from % KvHead.PAGE;
    int end = slot + to - from;
    int k = first;
    for (; k + 4 <= last; k += 4) {
      scoresOfFour(q, qAt, k, page, keysAt, slot, end, headDim, scale, out, at, seen);
    }
    for (; k < last; k++) {
      scores(q, qAt[k], page, keysAt, slot, end, headDim, scale, out, at[k] + seen);
    }
  }

  /**
   * Adds the values of the slots of some spans, times the probabilities of queries [first, last)
   * from at[k] + seen on, to their outputs.
   *
   * @param spans each within one page
   * @return how many slots each query has seen now
   */
  static int mix(
      float[] p,
      int[] at,
      int first,
      int last,
      KvHead cache,
      int[] spans,
      float[] out,
      int[] outAt,
      int seen) {
    int next = seen;
    for (int i = 0; i < spans.length; i += 2) {
      mixOfPage(p, at, first, last, cache, spans[i], spans[i + 1], out, outAt, next);
      next += spans[i + 1] - spans[i];
    }
    return next;
  }

  private static void mixOfPage(
      float[] p,
      int[] at,
      int first,
      int last,
      KvHead cache,
      int from,
      int to,
      float[] out,
      int[] outAt,
      int seen) {
    float[] page = cache.page(from);
    int values = cache.valueAt(from);
    int headDim = cache.headDim();
    int k = first;
    for (; k + 4 <= last; k += 4) {
      mixOfFour(p, at, k, seen, page, values, to - from, headDim, out, outAt);
    }
    for (; k < last; k++) {
      mix(p, at[k] + seen, page, values, to - from, headDim, out, outAt[k], 0);
    }
  }

  /**
   * out[at + t - from] = scale q·k_t for slots t in [from, to) of a page; up to two blocks behind
   * them are overwritten.
   */
  private static void scores(
      float[] q,
      int qAt,
      float[] keys,
      int keysAt,
      int from,
      int to,
      int headDim,
      float scale,
      float[] out,
      int at) {
    int t = from / BLOCK * BLOCK;
    if (t < from) {
      // The first block is begun in its middle: computed whole, then its end is put in place.
      wholeBlock(q, qAt, keys, keysAt, t, headDim, scale, out, at + BLOCK);
      int next = t + BLOCK;
      System.arraycopy(out, at + BLOCK + from - t, out, at, Math.min(to, next) - from);
      t = next;
    }
    int vectors = Math.ceilDiv(Math.max(0, to - t), BLOCK) * BLOCK / L;
    int v = 0;
    for (; v + 4 <= vectors; v += 4) {
      fourVectors(q, qAt, keys, keysAt, t + v * L, headDim, scale, out, at + t - from + v * L);
    }
    for (; v < vectors; v++) {
      vector(q, qAt, keys, keysAt, t + v * L, headDim, scale, out, at + t - from + v * L);
    }
  }

  private static void wholeBlock(
      float[] q,
      int qAt,
      float[] keys,
      int keysAt,
      int t,
      int headDim,
      float scale,
      float[] out,
      int to) {
    for (int lane = 0; lane < BLOCK; lane += L) {
      vector(q, qAt, keys, keysAt, t + lane, headDim, scale, out, to + lane);
    }
  }

  /** Where the first coordinates of slots t, t + 1, ... t + L - 1 lie; t is a multiple of L. */
  private static int keyAt(int keysAt, int t, int headDim) {
    return keysAt + t / BLOCK * BLOCK * headDim + t % BLOCK;
  }

  private static void vector(
      float[] q,
      int qAt,
      float[] keys,
      int keysAt,
      int t,
      int headDim,
      float scale,
      float[] out,
      int to) {
    FloatVector a = FloatVector.zero(F);
    int k = keyAt(keysAt, t, headDim);
    for (int i = 0; i < headDim; i++) {
      a =
          FloatVector.fromArray(F, keys, k + i * BLOCK)
              .fma(FloatVector.broadcast(F, q[qAt + i]), a);
    }
    a.mul(scale).intoArray(out, to);
  }

  /** Four at a time, so that no sum waits for its last addition; the same bits. */
  private static void fourVectors(
      float[] q,
      int qAt,
      float[] keys,
      int keysAt,
      int t,
      int headDim,
      float scale,
      float[] out,
      int to) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    int ka = keyAt(keysAt, t, headDim);
    int kb = keyAt(keysAt, t + L, headDim);
    int kc = keyAt(keysAt, t + 2 * L, headDim);
    int kd = keyAt(keysAt, t + 3 * L, headDim);
    for (int i = 0; i < headDim; i++) {
      FloatVector x = FloatVector.broadcast(F, q[qAt + i]);
      int at = i * BLOCK;
      a = FloatVector.fromArray(F, keys, ka + at).fma(x, a);
      b = FloatVector.fromArray(F, keys, kb + at).fma(x, b);
      c = FloatVector.fromArray(F, keys, kc + at).fma(x, c);
      d = FloatVector.fromArray(F, keys, kd + at).fma(x, d);
    }
    a.mul(scale).intoArray(out, to);
    b.mul(scale).intoArray(out, to + L);
    c.mul(scale).intoArray(out, to + 2 * L);
    d.mul(scale).intoArray(out, to + 3 * L);
  }

  /** Scores of the four queries from {@code first} on over the same slots; the same bits. */
  private static void scoresOfFour(
      float[] q,
      int[] qAt,
      int first,
      float[] keys,
      int keysAt,
      int from,
      int to,
      int headDim,
      float scale,
      float[] out,
      int[] at,
      int seen) {
    int t = Math.min(to, Math.ceilDiv(from, BLOCK) * BLOCK);
    if (t > from) {
      for (int k = first; k < first + 4; k++) {
        scores(q, qAt[k], keys, keysAt, from, t, headDim, scale, out, at[k] + seen);
      }
    }
    int vectors = Math.ceilDiv(to - t, BLOCK) * BLOCK / L;
    for (int v = 0; v < vectors; v += 2) {
      // Of an odd number the last is computed twice; the second goes to the room behind.
      int slot = t + v * L;
      int next = v + 1 < vectors ? slot + L : slot;
      int ka = keyAt(keysAt, slot, headDim);
      int kb = keyAt(keysAt, next, headDim);
      pair(q, qAt, first, keys, ka, kb, headDim, scale, out, at, seen + slot - from);
    }
  }

  private static void pair(
      float[] q,
      int[] qAt,
      int first,
      float[] keys,
      int ka,
      int kb,
      int headDim,
      float scale,
      float[] out,
      int[] at,
      int offset) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    int q0 = qAt[first];
    int q1 = qAt[first + 1];
    int q2 = qAt[first + 2];
    int q3 = qAt[first + 3];
    for (int i = 0; i < headDim; i++) {
      FloatVector x = FloatVector.fromArray(F, keys, ka + i * BLOCK);
      FloatVector y = FloatVector.fromArray(F, keys, kb + i * BLOCK);
      FloatVector w = FloatVector.broadcast(F, q[q0 + i]);
      a0 = x.fma(w, a0);
      b0 = y.fma(w, b0);
      w = FloatVector.broadcast(F, q[q1 + i]);
      a1 = x.fma(w, a1);
      b1 = y.fma(w, b1);
      w = FloatVector.broadcast(F, q[q2 + i]);
      a2 = x.fma(w, a2);
      b2 = y.fma(w, b2);
      w = FloatVector.broadcast(F, q[q3 + i]);
      a3 = x.fma(w, a3);
      b3 = y.fma(w, b3);
    }
    a0.mul(scale).intoArray(out, at[first] + offset);
    b0.mul(scale).intoArray(out, at[first] + offset + L);
    a1.mul(scale).intoArray(out, at[first + 1] + offset);
    b1.mul(scale).intoArray(out, at[first + 1] + offset + L);
    a2.mul(scale).intoArray(out, at[first + 2] + offset);
    b2.mul(scale).intoArray(out, at[first + 2] + offset + L);
    a3.mul(scale).intoArray(out, at[first + 3] + offset);
    b3.mul(scale).intoArray(out, at[first + 3] + offset + L);
  }

  /** The largest of n numbers; NaN as soon as one is NaN. */
  static float max(float[] x, int offset, int n) {
    int end = F.loopBound(n);
    FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < end; i += L) {
      most = most.max(FloatVector.fromArray(F, x, offset + i));
    }
    float max = most.reduceLanes(VectorOperators.MAX);
    for (int i = end; i < n; i++) {
      max = Math.max(max, x[offset + i]);
    }
    return max;
  }

  static void softmax(float[] x, int offset, int n) {
    int end = F.loopBound(n);
    float max = max(x, offset, n);
    FloatVector sums = FloatVector.zero(F);
    for (int i = 0; i < end; i += L) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(F, x, offset + i).sub(max));
      e.intoArray(x, offset + i);
      sums = sums.add(e);
    }
    float sum = VectorMath.sum(sums);
    for (int i = end; i < n; i++) {
      x[offset + i] = (float) Math.exp(x[offset + i] - max);
      sum += x[offset + i];
    }
    float scale = 1 / sum;
    for (int i = 0; i < end; i += L) {
      FloatVector.fromArray(F, x, offset + i).mul(scale).intoArray(x, offset + i);
    }
    for (int i = end; i < n; i++) {
      x[offset + i] *= scale;
    }
  }

  /**
   * out += Σ_t p[pAt + t] v_t for n values v_t that lie one after the other from {@code first}, the
   * columns from {@code fromColumn}: four vectors of columns at a time, then one, then single ones.
   */
  private static void mix(
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
  private static void mixOfFour(
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
