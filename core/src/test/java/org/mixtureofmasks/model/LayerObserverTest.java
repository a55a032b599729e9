package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.SparseFolder;

/** What an observer hears of a layer, and experts that are taken away. */
class LayerObserverTest {
  private static final int EXPERTS = 40;
  private static final int D = 24;
  private static final int M = 30;

  /** More than a batch. */
  private static final int TOKENS = Workspace.SPARSE_BATCH + 30;

  @TempDir Path folder;
  private final Random random = new Random(5);
  private final int[] tokens = random.ints(TOKENS, 0, RandomModel.VOCABULARY).toArray();

  static List<Routing> routings() {
    return List.of(
        Routing.topK(1),
        Routing.topK(3),
        Routing.threshold(EXPERTS, 0.9),
        new Routing(Routing.Score.SWIGLU, Routing.Select.TOP_K, 2, 0, Routing.Weights.ONES));
  }

  private RandomModel model(Routing routing) {
    double[] half = IntStream.range(0, EXPERTS).mapToDouble(e -> 0.5).toArray();
    return new RandomModel(random, D, M, 6, routing, false, RandomModel.masks(random, M, half));
  }

  private Model open(RandomModel model, String layout) throws IOException {
    return Model.open(
        model.write(folder.resolve(layout), layout), new LoadOptions(WeightType.AUTO, 2));
  }

  @ParameterizedTest
  @MethodSource("routings")
  void whatIsHeardOfTheRoutingIsWhatTheLoadCounts(Routing routing) throws IOException {
    try (Model llama = open(model(routing), "runs")) {
      ModelState state = llama.newState(TOKENS);
      long[][] heard = new long[RandomModel.LAYERS][EXPERTS];
      int[] calls = new int[RandomModel.LAYERS];
      state.observe(
          new LayerObserver() {
            @Override
            public void routed(int layer, int position, int[] experts, float[] scores) {
              assertEquals(calls[layer]++, position);
              assertEquals(EXPERTS, scores.length);
              for (int e : experts) {
                heard[layer][e]++;
              }
              assertChosenByScores(routing, experts, scores);
            }
          });
      llama.forward(state, tokens, 0, TOKENS);
      assertArrayEquals(state.expertLoad().counts(), heard);
      assertArrayEquals(new int[] {TOKENS, TOKENS}, calls);
    }
  }

  private static void assertChosenByScores(Routing routing, int[] experts, float[] scores) {
    if (routing.select() == Routing.Select.TOP_K) {
      float[] sorted = scores.clone();
      Arrays.sort(sorted);
      for (int i = 0; i < routing.topK(); i++) {
        assertEquals(sorted[EXPERTS - 1 - i], scores[experts[i]]);
      }
    } else {
      int[] above =
          IntStream.range(0, EXPERTS)
              .filter(e -> 1 / (1 + Math.exp(-scores[e])) > routing.threshold())
              .toArray();
      assertArrayEquals(above, experts);
    }
  }

  @ParameterizedTest
  @MethodSource("routings")
  void aRemovedExpertIsChosenByNoTokenAndComesBack(Routing routing) throws IOException {
    try (Model llama = open(model(routing), "runs")) {
      ModelState state = llama.newState(TOKENS);
      float[] whole = llama.forward(state, tokens, 0, TOKENS).clone();
      long[][] counts = state.expertLoad().counts();
      int used =
          IntStream.range(0, EXPERTS).filter(e -> counts[1][e] > 0).findFirst().orElseThrow();
      state.reset();
      state.removeExpert(1, used);
      float[] without = llama.forward(state, tokens, 0, TOKENS).clone();
      assertEquals(0, state.expertLoad().counts()[1][used]);
      assertArrayEquals(counts[0], state.expertLoad().counts()[0], "other layers keep theirs");
      for (float logit : without) {
        assertTrue(Float.isFinite(logit));
      }
      state.reset();
      state.restoreExpert();
      assertArrayEquals(whole, llama.forward(state, tokens, 0, TOKENS));
    }
  }

  @Test
  void removingAnExpertThatNoTokenUsesChangesNothing() throws IOException {
    try (Model llama = open(model(Routing.topK(1)), "runs")) {
      ModelState state = llama.newState(TOKENS);
      float[] whole = llama.forward(state, tokens, 0, 12).clone();
      long[] counts = state.expertLoad().counts()[0];
      int unused =
          IntStream.range(0, EXPERTS).filter(e -> counts[e] == 0).findFirst().orElseThrow();
      state.reset();
      state.removeExpert(0, unused);
      assertArrayEquals(whole, llama.forward(state, tokens, 0, 12));
      assertArrayEquals(counts, state.expertLoad().counts()[0]);
    }
  }

  @Test
  void anExpertThatEveryTokenNeedsCannotBeRemoved() throws IOException {
    boolean[][][] masks = RandomModel.masks(random, M, 0.5, 0.5);
    try (Model llama = open(new RandomModel(random, D, M, 6, 2, false, masks), "runs")) {
      ModelState state = llama.newState(4);
      assertThrows(IllegalArgumentException.class, () -> state.removeExpert(0, 1));
    }
  }

  @Test
  void aLayerGivesTheSameForTheInputsThatWereHeard() throws IOException {
    try (Model llama = open(model(Routing.topK(1)), "dense")) {
      ModelState state = llama.newState(TOKENS);
      ModelState other = llama.newState(20); // smaller batches
      int[] heard = new int[RandomModel.LAYERS];
      state.observe(
          new LayerObserver() {
            @Override
            public void computed(int layer, int n, float[] inputs, float[] outputs) {
              float[] again = new float[n * D];
              llama.feedForward(other.workspace(), layer, n, inputs, again);
              assertArrayEquals(Arrays.copyOf(outputs, n * D), again, 1e-6f);
              heard[layer] += n;
            }
          });
      llama.forward(state, tokens, 0, TOKENS);
      assertArrayEquals(new int[] {TOKENS, TOKENS}, heard);
      assertEquals(0, other.position());
    }
  }

  @Test
  void theMasksOfAFolderAreReadInEveryLayout() throws IOException {
    RandomModel model = model(Routing.topK(2));
    for (String layout : List.of("runs", "copied", "masked")) {
      ExpertMasks read = SparseFolder.masks(model.write(folder.resolve(layout), layout));
      for (int l = 0; l < RandomModel.LAYERS; l++) {
        for (int e = 0; e < EXPERTS; e++) {
          for (int j = 0; j < M; j++) {
            assertEquals(model.masks[l][e][j], read.mask(Dimension.NEURONS, l, e).on(j));
          }
        }
      }
    }
  }
}
