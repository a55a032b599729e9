package org.mixtureofmasks.kernel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Attention of some queries over a blocked key cache, page by page: what several queries see of a
 * page is read from memory once, widened once where it is not stored as floats, and comes from the
 * nearest cache for the others. Queries go four at a time, what is left one by one, with the same
 * bits.
 */
final class VectorAttention {
  private VectorAttention() {}

  /**
   * See {@link Kernels#attend}.
   *
   * @param library computes scores, softmax and mixes; null: Java does
   */
  static void attend(
      @Nullable NativeFloats library,
      float[] q,
      int[] qAt,
      KvHead cache,
      int[][] spans,
      float scale,
      float[] scores,
      float[] out) {
    int n = qAt.length;
    int headDim = cache.headDim();
    float[] room = new float[cache.format().room(headDim)];
    int[] begin = KvSpans.common(spans);
    int[] common = KvSpans.byPage(begin);
    int[] at = new int[n]; // of scores, by query
    int[][] rest = new int[n][];
    for (int k = 0; k < n; k++) {
      at[k] = k * (scores.length / n);
      rest[k] = KvSpans.byPage(KvSpans.after(spans[k], begin));
      Arrays.fill(out, qAt[k], qAt[k] + headDim, 0);
    }
    int seen = scores(library, q, qAt, 0, n, cache, room, common, scale, scores, at, 0);
    for (int k = 0; k < n; k++) {
      int end = scores(library, q, qAt, k, k + 1, cache, room, rest[k], scale, scores, at, seen);
      if (library == null) {
        VectorSoftmax.softmax(scores, at[k], end);
      } else {
        library.softmax(scores, at[k], end);
      }
    }
    seen = mix(library, scores, at, 0, n, cache, room, common, out, qAt, 0);
    for (int k = 0; k < n; k++) {
      mix(library, scores, at, k, k + 1, cache, room, rest[k], out, qAt, seen);
    }
  }

  /**
   * Scores of queries [first, last) over the slots of some spans, to out from at[k] + seen on.
   *
   * @param room for what is widened
   * @param spans each within one page, see {@link KvSpans#byPage}
   * @return how many slots each query has seen now
   */
  private static int scores(
      @Nullable NativeFloats library,
      float[] q,
      int[] qAt,
      int first,
      int last,
      KvHead cache,
      float[] room,
      int[] spans,
      float scale,
      float[] out,
      int[] at,
      int seen) {
    int next = seen;
    for (int i = 0; i < spans.length; i += 2) {
      scoresInPage(
          library, q, qAt, first, last, cache, room, spans[i], spans[i + 1], scale, out, at, next);
      next += spans[i + 1] - spans[i];
    }
    return next;
  }

  private static void scoresInPage(
      @Nullable NativeFloats library,
      float[] q,
      int[] qAt,
      int first,
      int last,
      KvHead cache,
      float[] room,
      int from,
      int to,
      float scale,
      float[] out,
      int[] at,
      int seen) {
    int headDim = cache.headDim();
    int slot = from % KvHead.PAGE;
    int end = slot + to - from;
    float[] keys = cache.keys(from, to, room);
    int keysAt = cache.keysAt();
    if (library != null) {
      library.scores(q, qAt, first, last, keys, keysAt, slot, end, headDim, scale, out, at, seen);
      return;
    }
    int k = first;
    for (; k + 4 <= last; k += 4) {
      VectorScores.scoresOfFour(q, qAt, k, keys, keysAt, slot, end, headDim, scale, out, at, seen);
    }
    for (; k < last; k++) {
      VectorScores.scores(q, qAt[k], keys, keysAt, slot, end, headDim, scale, out, at[k] + seen);
    }
  }

  /**
   * Adds the values of the slots of some spans, times the probabilities of queries [first, last)
   * from at[k] + seen on, to their outputs.
   *
   * @param room for what is widened
   * @param spans each within one page
   * @return how many slots each query has seen now
   */
  private static int mix(
      @Nullable NativeFloats library,
      float[] p,
      int[] at,
      int first,
      int last,
      KvHead cache,
      float[] room,
      int[] spans,
      float[] out,
      int[] outAt,
      int seen) {
    int next = seen;
    for (int i = 0; i < spans.length; i += 2) {
      mixOfPage(library, p, at, first, last, cache, room, spans[i], spans[i + 1], out, outAt, next);
      next += spans[i + 1] - spans[i];
    }
    return next;
  }

  private static void mixOfPage(
      @Nullable NativeFloats library,
      float[] p,
      int[] at,
      int first,
      int last,
      KvHead cache,
      float[] room,
      int from,
      int to,
      float[] out,
      int[] outAt,
      int seen) {
    int headDim = cache.headDim();
    float[] values = cache.values(from, to, room);
    int valueAt = cache.valuesAt() + from % KvHead.PAGE * headDim;
    if (library != null) {
      library.mix(p, at, first, last, seen, values, valueAt, to - from, headDim, out, outAt);
      return;
    }
    int k = first;
    for (; k + 4 <= last; k += 4) {
      VectorMix.mixOfFour(p, at, k, seen, values, valueAt, to - from, headDim, out, outAt);
    }
    for (; k < last; k++) {
      VectorMix.mix(p, at[k] + seen, values, valueAt, to - from, headDim, out, outAt[k], 0);
    }
  }
}
