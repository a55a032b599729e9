package org.mixtureofmasks.kernel;

import java.util.Arrays;
import java.util.Random;

/** Caches for the tests of this room. */
final class TestCaches {
  private TestCaches() {}

  /** A cache whose slots, used or not, hold anything; those of other heads too. */
  static KvHead random(
      Random random, KvFormat format, int head, int others, int headDim, int slots) {
    KvPage[] pages = new KvPage[Math.ceilDiv(slots, KvHead.PAGE)];
    int heads = head + 1 + others;
    Arrays.setAll(pages, _ -> format.newPage(heads, headDim));
    for (int h = 0; h < heads; h++) {
      KvHead any = new KvHead(format, pages, h, headDim);
      for (int slot = 0; slot < pages.length * KvHead.PAGE; slot++) {
        float[] key = TestMatrices.random(random, headDim);
        any.put(slot, key, TestMatrices.random(random, headDim), 0);
      }
    }
    return new KvHead(format, pages, head, headDim);
  }
}
