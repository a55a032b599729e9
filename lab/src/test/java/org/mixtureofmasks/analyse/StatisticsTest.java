package org.mixtureofmasks.analyse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.format.Routing;

/** Each figure on numbers worked out by hand. */
class StatisticsTest {
  private static final double LN2 = Math.log(2);

  @Test
  void entropyIsInNatsAndOfTheSharesWhateverTheirSum() {
    assertEquals(Math.log(4), Distribution.entropy(new double[] {3, 3, 3, 3}), 1e-12);
    assertEquals(0, Distribution.entropy(new double[] {0, 7, 0}));
    assertEquals(1.5 * LN2, Distribution.entropy(new double[] {2, 1, 1}), 1e-12);
    assertEquals(0, Distribution.entropy(new double[] {0, 0}));
  }

  @Test
  void anEvenLoadVariesByNothingAndOneForAllByTheRootOfTheOthers() {
    assertEquals(0, Distribution.variation(new double[] {5, 5, 5}));
    // mean 1, deviations -1 -1 -1 3: variance 12 / 4
    assertEquals(Math.sqrt(3), Distribution.variation(new double[] {0, 0, 0, 4}), 1e-12);
    assertEquals(4, Distribution.largestOverMean(new double[] {0, 0, 0, 4}));
    assertEquals(1, Distribution.largestOverMean(new double[] {2, 2}));
  }

  @Test
  void quantilesLieBetweenTheirNeighbours() {
    float[] sorted = {0, 1, 4, 9};
    assertEquals(2.5, Distribution.quantile(sorted, 0.5), 1e-12);
    assertEquals(0.15, Distribution.quantile(sorted, 0.05), 1e-6);
    assertEquals(9, Distribution.quantile(sorted, 1));
    assertEquals(3, Distribution.quantile(new float[] {3}, 0.5));
  }

  @Test
  void informationIsAllForACopyAndNoneForIndependence() {
    MutualInformation copy = MutualInformation.of(List.of(new int[] {5, 0}, new int[] {0, 5}));
    assertEquals(LN2, copy.nats(), 1e-12);
    MutualInformation none = MutualInformation.of(List.of(new int[] {2, 4}, new int[] {3, 6}));
    assertEquals(0, none.nats(), 1e-12);
    // p = 1/2, 1/4; 0, 1/4: 1/2 ln(1/2 / (3/4 1/2)) + 1/4 ln(1/4 / (3/4 1/2)) + 1/4 ln 2
    double some = 0.5 * Math.log(4 / 3.0) + 0.25 * Math.log(2 / 3.0) + 0.25 * LN2;
    MutualInformation part = MutualInformation.of(List.of(new int[] {2, 1}, new int[] {0, 1}));
    assertEquals(some, part.nats(), 1e-12);
    assertEquals(0, MutualInformation.of(List.of(new int[2], new int[2])).nats());
    assertEquals(0, MutualInformation.of(List.of()).nats());
  }

  @Test
  void informationByChanceIsWhatUnrelatedThingsShowOnAsManyObservations() {
    List<int[]> many = List.of(new int[] {5000, 0}, new int[] {0, 5000});
    double chance = MutualInformation.of(many).byChance();
    assertTrue(chance > 0 && chance < 1e-3, "one degree of freedom over 2 N: " + chance);
    assertEquals(chance, MutualInformation.of(many).byChance());
    // Thirty pairs seen once each are all information, and would be whatever they were.
    List<int[]> once = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      once.add(new int[30]);
      once.get(i)[i] = 1;
    }
    assertEquals(Math.log(30), MutualInformation.of(once).nats(), 1e-12);
    assertEquals(Math.log(30), MutualInformation.of(once).byChance(), 1e-12);
  }

  @Test
  void scoresBecomeASoftmaxAndIndependentGatesTheirShares() {
    float[] scores = {0, (float) Math.log(3), Float.NEGATIVE_INFINITY};
    assertArrayEquals(
        new double[] {0.25, 0.75, 0},
        RouterStatistics.probabilities(Routing.topK(1), scores),
        1e-7);
    // sigmoids 1/2, 3/4, 0
    assertArrayEquals(
        new double[] {0.4, 0.6, 0},
        RouterStatistics.probabilities(Routing.threshold(3, 0.5), scores),
        1e-7);
  }

  @Test
  void aRouterIsDescribedByEntropyAndMargin() {
    RouterStatistics router = new RouterStatistics();
    router.add(new double[] {0.5, 0.25, 0.25});
    router.add(new double[] {0, 1, 0});
    router.add(new double[] {0.5, 0.5, 0});
    assertEquals((1.5 * LN2 + 0 + LN2) / 3, router.meanEntropy(), 1e-12);
    assertEquals((0.25 + 1 + 0) / 3, router.meanMargin(), 1e-7);
    assertArrayEquals(new double[] {0.25, 0.025}, router.margins(0.5, 0.05), 1e-7);
  }

  @Test
  void masksAreCountedByHoldersAndCompared() {
    MaskStatistics of =
        MaskStatistics.of(
            List.of(
                Mask.of(true, true, true, false, false, false),
                Mask.of(true, true, false, true, false, false),
                Mask.of(true, false, false, false, false, false)));
    assertArrayEquals(new double[] {0.5, 0.5, 1 / 6.0}, of.neuronShare(), 1e-12);
    assertArrayEquals(new int[] {2, 2, 1, 1}, of.hits());
    assertArrayEquals(new double[] {1, 0.5, 1 / 3.0}, of.jaccard()[0], 1e-12);
    assertArrayEquals(new double[] {0.5, 1, 1 / 3.0}, of.jaccard()[1], 1e-12);
  }

  @Test
  void emptyMasksAreTheSameAndHaveNothingInCommonWithOthers() {
    MaskStatistics of =
        MaskStatistics.of(List.of(Mask.of(2, _ -> false), Mask.of(2, _ -> false), Mask.all(2)));
    assertArrayEquals(new double[] {1, 1, 0}, of.jaccard()[0]);
    assertArrayEquals(new int[] {0, 2, 0, 0}, of.hits());
  }

  @Test
  void historiesTellTheDensityAndWhatHasChanged() {
    List<Mask> before =
        List.of(Mask.of(true, false, false, false), Mask.of(true, true, false, false));
    List<Mask> now = List.of(Mask.of(false, true, false, false), Mask.of(true, true, true, false));
    assertEquals(3 / 8.0, MaskHistory.density(before));
    assertEquals(3 / 8.0, MaskHistory.changed(before, now));
  }

  @Test
  void numbersKeepSixDigits() {
    assertEquals(0.333333, Numbers.rounded(1 / 3.0));
    assertEquals(123457e-9, Numbers.rounded(1.23456789e-4), 1e-18);
  }
}
