package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every layout of random mixtures of masks against the formulas in double. */
class SparseLayoutsTest {
  /** Share of the largest logit: float32 sums of some 30 numbers through two layers. */
  private static final double TOLERANCE = 2e-5;

  @TempDir Path folder;

  record Case(String name, int k, boolean bf16, double... density) {
    @Override
    public String toString() {
      return name + ", k = " + k + (bf16 ? ", bf16" : ", f32");
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (boolean bf16 : new boolean[] {false, true}) {
      cases.add(new Case("half of the neurons", 1, bf16, 0.5, 0.5, 0.5, 0.5));
      cases.add(new Case("an empty mask", 1, bf16, 0, 0.7, 0));
      cases.add(new Case("all masks empty", 1, bf16, 0, 0));
      cases.add(new Case("a full mask", 1, bf16, 1, 0.2, 0.2));
      cases.add(new Case("all masks full", 2, bf16, 1, 1, 1));
      cases.add(new Case("a single expert", 1, bf16, 0.4));
      cases.add(new Case("two of many experts", 2, bf16, 0.3, 0.5, 0.1, 0.9, 0, 0.5));
      cases.add(new Case("all experts", 3, bf16, 0.3, 0.2, 0.4));
      cases.add(new Case("more experts than tokens in a tile", 1, bf16, densities(40)));
    }
    return cases;
  }

  private static double[] densities(int n) {
    double[] out = new double[n];
    Arrays.fill(out, 0.5);
    return out;
  }

  private static int[] tokens(Random random, int n) {
    return random.ints(n, 0, RandomModel.VOCABULARY).toArray();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void runsCopiedAndMaskedGiveTheReferenceInBatchesAndTokenByToken(Case c) throws IOException {
    Random random = new Random(c.toString().hashCode());
    int m = 75;
    RandomModel model =
        new RandomModel(random, 37, m, 6, c.k, c.bf16, RandomModel.masks(random, m, c.density));
    int[] tokens = tokens(random, 41);
    ReferenceModel reference = new ReferenceModel(model);
    double[][] expected = reference.logits(tokens);
    double share =
        Arrays.stream(reference.active).sum() / (double) (tokens.length * m * RandomModel.LAYERS);
    for (String layout : List.of("runs", "copied", "masked")) {
      Path written = model.write(folder.resolve(layout), layout);
      try (Model llama = Model.open(written, new LoadOptions(WeightType.AUTO, 2))) {
        ModelState batched = llama.newState(64);
        llama.forwardEach(
            batched, tokens, 0, tokens.length, (t, row) -> check(layout, expected[t], row, t));
        ModelState single = llama.newState(64);
        for (int t = 0; t < tokens.length; t++) {
          check(layout + " one by one", expected[t], llama.forward(single, tokens, t, 1), t);
        }
        if (!layout.equals("copied") || c.k == 1) { // copies of a neuron are read each
          assertEquals(share, batched.expertLoad().activeFfnShare(), 1e-9, layout);
          assertEquals(share, single.expertLoad().activeFfnShare(), 1e-9, layout);
        }
        assertArrayEquals(batched.expertLoad().counts(), single.expertLoad().counts());
        assertEquals(tokens.length, single.expertLoad().tokens());
        for (long[] layer : single.expertLoad().counts()) {
          assertEquals((long) c.k * tokens.length, Arrays.stream(layer).sum());
        }
      }
    }
  }

  private static void check(String what, double[] expected, float[] row, int position) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(
          expected[i], row[i], TOLERANCE * largest, what + ", position " + position + ", id " + i);
    }
  }

  @Test
  void fullMasksEqualTheDenseModelWhateverTheRouterSays() throws IOException {
    Random random = new Random(7);
    RandomModel model =
        new RandomModel(random, 32, 64, 8, 2, true, RandomModel.masks(random, 64, 1, 1, 1));
    int[] tokens = tokens(random, 30);
    List<float[]> rows = new ArrayList<>();
    try (Model dense = open(model, "dense")) {
      dense.forwardEach(
          dense.newState(64), tokens, 0, tokens.length, (t, row) -> rows.add(row.clone()));
      assertEquals(1, dense.newState(1).expertLoad().activeFfnShare());
    }
    try (Model sparse = open(model, "runs")) {
      sparse.forwardEach(
          sparse.newState(64),
          tokens,
          0,
          tokens.length,
          (t, row) -> assertArrayEquals(rows.get(t), row, 2e-4f, "position " + t));
    }
  }

  @Test
  void aPromptLongerThanABatchEqualsTheReference() throws IOException {
    Random random = new Random(8);
    RandomModel model =
        new RandomModel(
            random, 32, 48, 8, 1, true, RandomModel.masks(random, 48, 0.5, 0.5, 0.3, 0.6));
    int[] tokens = tokens(random, Workspace.SPARSE_BATCH + 37);
    double[][] expected = new ReferenceModel(model).logits(tokens);
    try (Model llama = open(model, "runs")) {
      ModelState state = llama.newState(600);
      check(
          "at once",
          expected[tokens.length - 1],
          llama.forward(state, tokens, 0, tokens.length),
          0);
      assertEquals(tokens.length, state.position());
      // Back to the middle and on again, in pieces of odd sizes.
      state.truncate(50);
      for (int t = 50; t < tokens.length; t += 19) {
        int n = Math.min(19, tokens.length - t);
        check("in pieces", expected[t + n - 1], llama.forward(state, tokens, t, n), t);
      }
    }
  }

  @Test
  void bytesPerTokenCountWhatAnAverageTokenReads() throws IOException {
    Random random = new Random(9);
    int d = 32;
    int m = 64;
    boolean[][][] masks = RandomModel.masks(random, m, 0.5, 0.25, 0);
    RandomModel model = new RandomModel(random, d, m, 8, 1, true, masks);
    long attention = 2L * (4 * 8 * d * 2 + 2 * 8 * d * 2) + 8L * d;
    long rest = 2L * d + 4L * d + 2L * RandomModel.VOCABULARY * d;
    double neurons = 0; // mean size of the three experts, both layers
    long live = 0;
    for (boolean[][] layer : masks) {
      for (int j = 0; j < m; j++) {
        int held = 0;
        for (boolean[] mask : layer) {
          held += mask[j] ? 1 : 0;
        }
        neurons += held / 3.0;
        live += held > 0 ? 1 : 0;
      }
    }
    long router = 4L * 3 * d;
    try (Model llama = open(model, "runs")) {
      long expected = Math.round(2 * (attention + router) + rest + neurons * 3 * d * 2);
      assertEquals(expected, llama.bytesPerToken());
      assertEquals(
          2 * (attention + router)
              + 4L * d
              + 2L * 2 * RandomModel.VOCABULARY * d
              + live * 3 * d * 2,
          llama.weightBytes());
      ModelState state = llama.newState(64);
      llama.forward(state, tokens(random, 64), 0, 64);
      double measured = state.expertLoad().activeFfnShare() * 2 * m;
      assertEquals(
          Math.round(2 * (attention + router) + rest + measured * 3 * d * 2),
          llama.bytesPerToken(state.expertLoad()));
    }
    try (Model dense = open(model, "dense")) {
      assertEquals(2 * (attention + 3L * d * m * 2) + rest, dense.bytesPerToken());
    }
  }

  private Model open(RandomModel model, String layout) throws IOException {
    return Model.open(
        model.write(folder.resolve(layout), layout), new LoadOptions(WeightType.AUTO, 2));
  }
}
