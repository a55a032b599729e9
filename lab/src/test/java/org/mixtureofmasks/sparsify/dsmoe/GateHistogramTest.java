package org.mixtureofmasks.sparsify.dsmoe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.Sums;

class GateHistogramTest {
  @BeforeAll
  static void natives() {
    Natives.start(2);
  }

  private static void add(GateHistogram histogram, float... logits) {
    try (PointerScope _ = new PointerScope()) {
      histogram.add(Tensors.of(logits, logits.length));
    }
  }

  @Test
  void theThresholdOfAShareIsTheSortedGatesOwn() {
    SplittableRandom random = new SplittableRandom(6);
    GateHistogram histogram = new GateHistogram(new Sums());
    double[] all = new double[30_000];
    for (int from = 0; from < all.length; from += 10_000) {
      float[] part = new float[10_000];
      for (int i = 0; i < part.length; i++) {
        part[i] = (float) (0.3 * random.nextGaussian() - 1);
        all[from + i] = part[i];
      }
      add(histogram, part);
    }
    Arrays.sort(all);
    for (double share : new double[] {0.1, 0.5, 0.9}) {
      double logit = histogram.logitPassedBy(share);
      assertEquals(all[(int) ((1 - share) * all.length)], logit, 0.002); // a bin
      long above = Arrays.stream(all).filter(g -> g > logit).count();
      assertEquals(share, (double) above / all.length, 0.002);
      assertEquals(share, histogram.shareAbove(logit), 1e-9);
    }
  }

  @Test
  void gatesBeyondTheRangeCountAtItsEnds() {
    GateHistogram histogram = new GateHistogram(new Sums());
    add(histogram, -100, -90, 3, 1000);
    assertEquals(0.5, histogram.shareAbove(0), 1e-12);
    assertEquals(3, histogram.logitPassedBy(0.5), 0.002);
    histogram.reset();
    add(histogram, 7);
    assertEquals(1, histogram.shareAbove(0), 1e-12);
  }
}
