package org.mixtureofmasks.analyse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is gathered of tokens, experts and ways. */
class RoutingTallyTest {
  private static final double[] P = {0.5, 0.5};

  /** Token 7 six times to expert 0; 8 five times to each; 9 four times to expert 1. */
  private static LayerTally tally() {
    LayerTally layer = new LayerTally(2, 2);
    add(layer, 0, 7, 0, 6);
    add(layer, 0, 8, 0, 5);
    add(layer, 1, 8, 1, 5);
    add(layer, 1, 9, 1, 4);
    return layer;
  }

  private static void add(LayerTally layer, int dataSet, int id, int expert, int times) {
    for (int i = 0; i < times; i++) {
      layer.add(dataSet, new int[] {id}, 0, new int[] {expert}, P);
    }
  }

  @Test
  void tokensAreCountedByExpertDataSetAndId() {
    LayerTally layer = tally();
    assertArrayEquals(new long[] {11, 9}, layer.counts());
    assertArrayEquals(new int[] {0, 9}, layer.counts(1));
    Map<Integer, int[]> byToken = layer.byToken();
    assertArrayEquals(new int[] {5, 5}, byToken.get(8));
    assertEquals(3, byToken.size());
  }

  @Test
  void anExpertPrefersTokensByLiftAndRareOnesAreLeftOut() {
    // of 20 tokens 6 are 7, and 6 of the 11 of expert 0; 10 are 8, and 5 of the 11
    List<Preferences.Token> zero = Preferences.of(tally(), 0);
    assertEquals(List.of(7, 8), zero.stream().map(Preferences.Token::id).toList());
    assertEquals(6 / 11.0 / (6 / 20.0), zero.get(0).lift(), 1e-12);
    assertEquals(5 / 11.0 / (10 / 20.0), zero.get(1).lift(), 1e-12);
    List<Preferences.Token> one = Preferences.of(tally(), 1);
    assertEquals(List.of(8), one.stream().map(Preferences.Token::id).toList());
  }

  @Test
  void contextsAreTheMostDecidedPlacesOneForEachToken() {
    Contexts contexts = new Contexts();
    int[] ids = {4, 5, 4, 6, 7, 8, 9};
    double[] p = {0.3, 0.9, 0.8, 0.2, 0.6, 0.7, 0.4};
    for (int i = 0; i < ids.length; i++) {
      contexts.offer(ids, i, p[i]);
    }
    assertEquals(
        List.of(1, 2, 5, 4, 6),
        contexts.occurrences().stream().map(Contexts.Occurrence::position).toList());
  }

  @Test
  void waysAreCountedWholeAndFromLayerToLayer() {
    Paths paths = new Paths(3, 2);
    paths.add(new int[] {0, 1, 1});
    paths.add(new int[] {0, 1, 1});
    paths.add(new int[] {1, 0, 1});
    paths.add(new int[] {1, Paths.NOBODY, 0});
    assertEquals(3, paths.distinct());
    assertEquals(1.5 * Math.log(2), paths.entropy(), 1e-12);
    assertArrayEquals(new int[] {0, 2}, paths.joint(0).get(0));
    assertArrayEquals(new int[] {1, 0}, paths.joint(0).get(1));
    assertArrayEquals(new int[] {0, 1}, paths.joint(1).get(0), "nobody is no expert");
    assertArrayEquals(new int[] {0, 1, 1}, paths.top(1).getFirst().experts());
    assertEquals(2, paths.top(1).getFirst().tokens());
    assertArrayEquals(new int[] {1, Paths.NOBODY, 0}, paths.top(9).getLast().experts());
  }

  @Test
  void theLeadingExpertHasTheHighestScoreOfTheChosen() {
    float[] scores = {3, 1, 2, 2};
    assertEquals(2, Paths.leading(new int[] {1, 2, 3}, scores));
    assertEquals(Paths.NOBODY, Paths.leading(new int[0], scores));
  }
}
