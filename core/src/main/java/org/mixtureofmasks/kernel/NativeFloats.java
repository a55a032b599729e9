package org.mixtureofmasks.kernel;

import static org.mixtureofmasks.kernel.NativeLibrary.NONE;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.mixtureofmasks.kernel.NativeLibrary.Function;

/**
 * What the optional library computes between the products, with the bits of Java's vector kernels.
 * Java computes with exponentials of its own what no whole vector covers.
 */
final class NativeFloats {
  /** Elements of a call, so that a collection never waits long for one. */
  private static final int CALL_ELEMENTS = 1 << 18;

  private final NativeLibrary library;
  private final int bits;
  private final int lanes;

  NativeFloats(NativeLibrary library, int bits) {
    this.library = library;
    this.bits = bits;
    lanes = bits / Float.SIZE;
  }

  private void call(
      Function function,
      double real,
      MemorySegment a,
      MemorySegment b,
      MemorySegment c,
      long... numbers) {
    library.call(function, bits, real, a, b, c, NONE, NONE, numbers);
  }

  /** See {@link Kernels#split}. */
  void split(float[] x, int xAt, float[] y, int yAt, int n) {
    Objects.checkFromIndexSize(xAt, n, x.length);
    Objects.checkFromIndexSize(yAt, n, y.length);
    call(Function.SPLIT, 0, MemorySegment.ofArray(x), MemorySegment.ofArray(y), NONE, n, xAt, yAt);
  }

  /** See {@link Kernels#transpose}. */
  void transpose(float[] x, int from, int tokens, int columns, float[] tile, int at) {
    int tileTokens = 2 * lanes;
    Objects.checkIndex(tokens, tileTokens + 1);
    Objects.checkFromIndexSize(from, Math.multiplyExact(tokens, columns), x.length);
    Objects.checkFromIndexSize(at, Math.multiplyExact(tileTokens, columns), tile.length);
    MemorySegment to = MemorySegment.ofArray(tile);
    call(Function.TRANSPOSE, 0, MemorySegment.ofArray(x), to, NONE, columns, from, tokens, at);
  }

  /** See {@link Kernels#rmsNorm}. */
  void rmsNorm(float[] x, int xAt, float[] w, double eps, float[] y, int yAt) {
    Objects.checkFromIndexSize(xAt, w.length, x.length);
    Objects.checkFromIndexSize(yAt, w.length, y.length);
    call(
        Function.RMS_NORM,
        eps,
        MemorySegment.ofArray(x),
        MemorySegment.ofArray(w),
        MemorySegment.ofArray(y),
        w.length,
        xAt,
        yAt);
  }

  /** See {@link Kernels#siluTimes}. */
  void siluTimes(float[] gate, int gateAt, float[] up, int upAt, int n) {
    Objects.checkFromIndexSize(gateAt, n, gate.length);
    Objects.checkFromIndexSize(upAt, n, up.length);
    MemorySegment gates = MemorySegment.ofArray(gate);
    call(Function.SILU_TIMES, 0, gates, MemorySegment.ofArray(up), NONE, n, gateAt, upAt);
    for (int i = n / lanes * lanes; i < n; i++) {
      float g = gate[gateAt + i];
      gate[gateAt + i] = (float) (g / (1 + Math.exp(-g))) * up[upAt + i];
    }
  }

  /** See {@link Kernels#softmax}. */
  void softmax(float[] x, int offset, int n) {
    Objects.checkFromIndexSize(offset, n, x.length);
    float[] found = new float[2]; // the sum of whole vectors, the largest number
    MemorySegment scores = MemorySegment.ofArray(x);
    call(Function.EXPONENTIALS, 0, scores, MemorySegment.ofArray(found), NONE, n, offset);
    float sum = found[0];
    for (int i = offset + n / lanes * lanes; i < offset + n; i++) {
      x[i] = (float) Math.exp(x[i] - found[1]);
      sum += x[i];
    }
    call(Function.MULTIPLY, 1 / sum, scores, NONE, NONE, n, offset);
  }

  /** See {@link Kernels#add}. */
  void add(float[] x, float[] y, int from, int to) {
    Objects.checkFromToIndex(from, to, Math.min(x.length, y.length));
    for (int i = from; i < to; i += CALL_ELEMENTS) {
      int end = Math.min(to, i + CALL_ELEMENTS);
      call(Function.ADD, 0, MemorySegment.ofArray(x), MemorySegment.ofArray(y), NONE, i, end);
    }
  }

  /** See {@link Kernels#rotate}. */
  void rotate(float[] x, int at, int heads, int headDim, float[] cos, float[] sin, int angles) {
    Objects.checkFromIndexSize(at, Math.multiplyExact(heads, headDim), x.length);
    Objects.checkFromIndexSize(angles, headDim / 2, Math.min(cos.length, sin.length));
    call(
        Function.ROTATE,
        0,
        MemorySegment.ofArray(x),
        MemorySegment.ofArray(cos),
        MemorySegment.ofArray(sin),
        at,
        heads,
        headDim,
        angles);
  }

  /** See {@link VectorScores}: queries [first, last) over slots [from, to) of a page. */
  void scores(
      float[] q,
      int[] qAt,
      int first,
      int last,
      float[] keys,
      int keysAt,
      int from,
      int to,
      int headDim,
      float scale,
      float[] out,
      int[] at,
      int seen) {
    int end = Math.ceilDiv(to, Kernels.KEY_BLOCK) * Kernels.KEY_BLOCK;
    Objects.checkFromToIndex(first, last, Math.min(qAt.length, at.length));
    Objects.checkFromToIndex(from, to, KvHead.PAGE);
    Objects.checkFromIndexSize(keysAt, Math.multiplyExact(end, headDim), keys.length);
    for (int k = first; k < last; k++) {
      Objects.checkFromIndexSize(qAt[k], headDim, q.length);
      Objects.checkFromIndexSize(at[k] + seen, to - from + lanes, out.length);
    }
    library.call(
        Function.SCORES,
        bits,
        scale,
        MemorySegment.ofArray(q),
        MemorySegment.ofArray(qAt),
        MemorySegment.ofArray(keys),
        MemorySegment.ofArray(out),
        MemorySegment.ofArray(at),
        last - first,
        keysAt,
        from,
        to,
        headDim,
        first,
        seen);
  }

  /** See {@link VectorMix}: queries [first, last) over n values. */
  void mix(
      float[] p,
      int[] at,
      int first,
      int last,
      int seen,
      float[] values,
      int valuesAt,
      int n,
      int headDim,
      float[] out,
      int[] outAt) {
    Objects.checkFromToIndex(first, last, Math.min(at.length, outAt.length));
    Objects.checkFromIndexSize(valuesAt, Math.multiplyExact(n, headDim), values.length);
    for (int k = first; k < last; k++) {
      Objects.checkFromIndexSize(at[k] + seen, n, p.length);
      Objects.checkFromIndexSize(outAt[k], headDim, out.length);
    }
    library.call(
        Function.MIX,
        bits,
        0,
        MemorySegment.ofArray(p),
        MemorySegment.ofArray(at),
        MemorySegment.ofArray(values),
        MemorySegment.ofArray(out),
        MemorySegment.ofArray(outAt),
        last - first,
        valuesAt,
        n,
        headDim,
        first,
        seen);
  }
}
