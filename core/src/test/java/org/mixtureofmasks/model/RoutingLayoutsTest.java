package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mixtureofmasks.format.Routing;

/** Every routing in every layout, over masks of several kinds, against the formulas in double. */
class RoutingLayoutsTest {
  private static final int D = 37;
  private static final int M = 42;
  private static final int EXPERTS = 6;

  /** Share of the largest logit: float32 sums of some 40 numbers through two layers. */
  private static final double TOLERANCE = 4e-5;

  @TempDir Path folder;

  /** How masks lie to one another. */
  enum Overlap {
    /** Equal parts of the neurons. */
    NONE,
    /** The same, and the first neurons in all of them. */
    SHARED,
    /** Anything, an empty mask and a full one among them. */
    ANY
  }

  record Case(Routing routing, Overlap overlap, boolean bf16) {}

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Routing.Score score : Routing.Score.values()) {
      for (Routing.Weights weights : Routing.Weights.values()) {
        for (Overlap overlap : Overlap.values()) {
          boolean bf16 = cases.size() % 2 == 0;
          cases.add(new Case(topK(score, 1, weights), overlap, bf16));
          cases.add(new Case(topK(score, 3, weights), overlap, !bf16));
          cases.add(new Case(threshold(score, 0.8, weights), overlap, bf16));
        }
      }
    }
    return cases;
  }

  private static Routing topK(Routing.Score score, int k, Routing.Weights weights) {
    return new Routing(score, Routing.Select.TOP_K, k, 0, weights);
  }

  private static Routing threshold(Routing.Score score, double t, Routing.Weights weights) {
    return new Routing(score, Routing.Select.THRESHOLD, EXPERTS, t, weights);
  }

  private static boolean[][][] masks(Random random, Overlap overlap) {
    if (overlap == Overlap.ANY) {
      return RandomModel.masks(random, M, 0.5, 0.4, 0, 1, 0.3, 0.6);
    }
    boolean[][][] masks = new boolean[RandomModel.LAYERS][EXPERTS][M];
    for (boolean[][] layer : masks) {
      for (int j = 0; j < M; j++) {
        layer[random.nextInt(EXPERTS)][j] = true;
        for (boolean[] mask : layer) {
          mask[j] |= overlap == Overlap.SHARED && j % 5 == 0;
        }
      }
    }
    return masks;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyLayoutGivesTheReferenceInBatchesAndTokenByToken(Case c) throws IOException {
    Random random = new Random(c.toString().hashCode());
    RandomModel model =
        new RandomModel(random, D, M, 6, c.routing, c.bf16, masks(random, c.overlap));
    int[] tokens = random.ints(72, 0, RandomModel.VOCABULARY).toArray();
    ReferenceModel reference = new ReferenceModel(model);
    double[][] expected = reference.logits(tokens);
    double neurons = (double) tokens.length * M * RandomModel.LAYERS;
    double share = Arrays.stream(reference.active).sum() / neurons;
    long chosen = chosen(reference.chosenCounts);
    for (String layout : List.of("runs", "copied", "masked")) {
      try (Model llama =
          Model.open(
              model.write(folder.resolve(layout), layout), new LoadOptions(WeightType.AUTO, 2))) {
        assertEquals(c.routing, llama.config().mixtureOfMasks().orElseThrow().routing());
        ModelState batched = llama.newState(96);
        llama.forwardEach(
            batched, tokens, 0, tokens.length, (t, row) -> check(layout, expected[t], row, t));
        ModelState parts = llama.newState(96); // too few for tiles of one expert each
        for (int from = 0; from < tokens.length; from += 12) {
          int first = from;
          llama.forwardEach(
              parts, tokens, from, 12, (t, row) -> check(layout, expected[first + t], row, t));
        }
        ModelState single = llama.newState(96);
        for (int t = 0; t < tokens.length; t++) {
          check(layout + " one by one", expected[t], llama.forward(single, tokens, t, 1), t);
        }
        ExpertLoad load = batched.expertLoad();
        assertArrayEquals(load.counts(), single.expertLoad().counts());
        assertEquals(chosen, Arrays.stream(load.counts()).flatMapToLong(Arrays::stream).sum());
        assertEquals(load.activeFfnShare(), single.expertLoad().activeFfnShare(), 1e-12);
        // Scaled copies of a neuron are read each, unscaled ones once.
        if (!layout.equals("copied") || c.routing.weights() == Routing.Weights.ONES) {
          assertEquals(share, load.activeFfnShare(), 1e-9, layout);
        }
      }
    }
  }

  private static long chosen(Map<Integer, Integer> counts) {
    return counts.entrySet().stream().mapToLong(e -> (long) e.getKey() * e.getValue()).sum();
  }

  private static void check(String what, double[] expected, float[] row, int position) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(
          expected[i], row[i], TOLERANCE * largest, what + ", position " + position + ", id " + i);
    }
  }

  @Test
  void theCasesHaveTokensOfNoExpertAndOfAll() {
    Random random = new Random(4);
    Routing routing = threshold(Routing.Score.LINEAR, 0.8, Routing.Weights.SIGMOID_RESCALED);
    RandomModel model =
        new RandomModel(random, D, M, 6, routing, false, masks(random, Overlap.NONE));
    ReferenceModel reference = new ReferenceModel(model);
    reference.logits(random.ints(60, 0, RandomModel.VOCABULARY).toArray());
    assertTrue(reference.chosenCounts.containsKey(0), reference.chosenCounts.toString());
    assertTrue(reference.chosenCounts.size() >= 5, reference.chosenCounts.toString());
  }

  @Test
  void whereNoExpertPassesTheFfnAddsNothing() throws IOException {
    Random random = new Random(5);
    Routing never = threshold(Routing.Score.LINEAR, 0.999999, Routing.Weights.ONES);
    boolean[][][] masks = masks(random, Overlap.SHARED);
    RandomModel model = new RandomModel(random, D, M, 6, never, false, masks);
    model.weights.forEach(
        (name, w) -> {
          if (name.endsWith("router.weight")) {
            Arrays.fill(w, 0); // sigmoid(0) is a half
          }
        });
    int[] tokens = {1, 2, 3, 4, 5};
    double[][] expected = new ReferenceModel(model).logits(tokens);
    for (String layout : List.of("runs", "copied", "masked")) {
      try (Model llama =
          Model.open(model.write(folder.resolve(layout), layout), LoadOptions.defaults())) {
        ModelState state = llama.newState(8);
        check(layout, expected[4], llama.forward(state, tokens, 0, 5), 4);
        assertEquals(0, state.expertLoad().activeFfnShare());
      }
    }
  }

  @Test
  void equalScoresChooseTheLowerIndices() {
    RoutingDecisions decisions = new RoutingDecisions(1, 3);
    float[] scores = {1, 2, 2, 1, 2, 1};
    new Router(null, 6, Routing.topK(3)).choose(scores, 0, decisions, 0);
    assertEquals(
        List.of(1, 2, 4),
        List.of(decisions.expert(0, 0), decisions.expert(0, 1), decisions.expert(0, 2)));
    assertEquals(1 / 3f, decisions.weight(0, 0), 1e-7);
  }

  @Test
  void aGateAtTheThresholdDoesNotPass() {
    RoutingDecisions decisions = new RoutingDecisions(1, 2);
    new Router(null, 2, Routing.threshold(2, 0.5)).choose(new float[] {0, 1e-3f}, 0, decisions, 0);
    assertEquals(1, decisions.count(0));
    assertEquals(1, decisions.expert(0, 0));
    assertEquals(2 / (1 + Math.exp(-1e-3)), decisions.weight(0, 0), 1e-6);
  }

  @Test
  void onlyMasksThatOverlapInPartHaveNoParts() {
    int[] neuron = {0, 1, 2, 3};
    ExpertRuns shared =
        new ExpertRuns(
            new int[] {0, 1, 3}, new int[] {0, 2, 0, 1, 2, 2}, 4, IllegalStateException::new);
    ExpertRuns parts = new SharedNeurons(shared, neuron, 4).parts();
    assertEquals(3, parts.experts());
    int[] list = new int[4];
    parts.list(2, list);
    assertEquals(1, parts.size(2));
    assertEquals(0, list[0]);
    ExpertRuns partly =
        new ExpertRuns(
            new int[] {0, 1, 2, 3}, new int[] {0, 2, 1, 2, 3, 1}, 4, IllegalStateException::new);
    assertNull(new SharedNeurons(partly, neuron, 4).parts());
  }
}
