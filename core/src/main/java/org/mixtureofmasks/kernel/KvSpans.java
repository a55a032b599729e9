package org.mixtureofmasks.kernel;

import java.util.Arrays;

/**
 * KV spans: the slots of a cache that a token sees, as pairs of the first slot of a span and the
 * one after its last, in the order of the token's text.
 */
final class KvSpans {
  private KvSpans() {}

  /** What all of them begin with. */
  static int[] common(int[][] all) {
    int[] first = all[0];
    int[] common = new int[first.length];
    for (int i = 0; i < first.length; i += 2) {
      int end = first[i + 1];
      boolean equal = true;
      for (int[] other : all) {
        if (other.length <= i || other[i] != first[i]) {
          return Arrays.copyOf(common, i);
        }
        equal &= other[i + 1] == first[i + 1];
        end = Math.min(end, other[i + 1]);
      }
      common[i] = first[i];
      common[i + 1] = end;
      if (!equal) {
        return Arrays.copyOf(common, i + 2);
      }
    }
    return common;
  }

  /** What is left of {@code whole} after what it begins with. */
  static int[] after(int[] whole, int[] begin) {
    if (begin.length == 0) {
      return whole;
    }
    int last = begin.length - 2;
    int end = begin[last + 1];
    int[] rest = Arrays.copyOfRange(whole, whole[last + 1] == end ? last + 2 : last, whole.length);
    if (whole[last + 1] != end) {
      rest[0] = end;
    }
    return rest;
  }

  /** These slots in spans that end where a page of {@link KvHead} ends. */
  static int[] byPage(int[] spans) {
    int count = 0;
    for (int i = 0; i < spans.length; i += 2) {
      count += (spans[i + 1] - 1) / KvHead.PAGE - spans[i] / KvHead.PAGE + 1;
    }
    int[] cut = new int[2 * count];
    int n = 0;
    for (int i = 0; i < spans.length; i += 2) {
      for (int from = spans[i]; from < spans[i + 1]; from = cut[n - 1]) {
        cut[n++] = from;
        cut[n++] = Math.min(spans[i + 1], (from / KvHead.PAGE + 1) * KvHead.PAGE);
      }
    }
    return cut;
  }
}
