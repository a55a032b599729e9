package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Attention of one query over a blocked key cache. Keys lie as [block][head_dim][KEY_BLOCK], so a
 * vector holds the same coordinate of neighbouring positions: their scores need no reduction across
 * lanes, and both caches are read front to back.
 */
final class VectorAttention {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final int BLOCK = Kernels.KEY_BLOCK;

  private VectorAttention() {}

  /**
   * out[at + t - from] = scale q·k_t for places t in [from, to); up to two blocks behind them are
   * overwritten.
   */
  static void scores(
      float[] q,
      int qAt,
      float[] keys,
      int from,
      int to,
      int headDim,
      float scale,
      float[] out,
      int at) {
    int t = from / BLOCK * BLOCK;
    if (t < from) {
      // The first block is begun in its middle: computed whole, then its end is put in place.
      wholeBlock(q, qAt, keys, t, headDim, scale, out, at + BLOCK);
      int next = t + BLOCK;
      System.arraycopy(out, at + BLOCK + from - t, out, at, Math.min(to, next) - from);
      t = next;
    }
    for (; t < to; t += BLOCK) {
      wholeBlock(q, qAt, keys, t, headDim, scale, out, at + t - from);
    }
  }

  private static void wholeBlock(
      float[] q, int qAt, float[] keys, int t, int headDim, float scale, float[] out, int to) {
    for (int lane = 0; lane < BLOCK; lane += L) {
      block(q, qAt, keys, t * headDim + lane, headDim, scale, out, to + lane);
    }
  }

  private static void block(
      float[] q, int qAt, float[] keys, int at, int headDim, float scale, float[] out, int to) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    // headDim is even (rotary pairs), so pairs cover it.
    for (int i = 0; i < headDim; i += 2) {
      int k = at + i * BLOCK;
      a = FloatVector.fromArray(F, keys, k).fma(FloatVector.broadcast(F, q[qAt + i]), a);
      b =
          FloatVector.fromArray(F, keys, k + BLOCK)
              .fma(FloatVector.broadcast(F, q[qAt + i + 1]), b);
    }
    a.add(b).mul(scale).intoArray(out, to);
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
   * out += Σ_t p[pAt + t] v_t for n values v_t that lie one after the other from {@code first}:
   * four vectors of columns at a time, then one, then single columns.
   */
  static void mix(
      float[] p, int pAt, float[] values, int first, int n, int headDim, float[] out, int outAt) {
    int i = 0;
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
}
