package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Scores of queries over the keys of one page, as {@link KvHead} lays them: a vector holds the same
 * coordinate of the keys of neighbouring slots, so that their scores need no reduction across lanes
 * and keys are read front to back.
 */
final class VectorScores {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final int BLOCK = Kernels.KEY_BLOCK;

  private VectorScores() {}

  /**
   * out[at + t - from] = scale q·k_t for slots t in [from, to) of a page; up to two blocks behind
   * them are overwritten.
   */
  static void scores(
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
  static void scoresOfFour(
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
}
