package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.ScalarKernels;
import org.mixtureofmasks.kernel.TokenKept;

/** Models whose tokens read only what is large, against the formulas in double. */
class TokenMasksTest {
  private static final double TOLERANCE = 2e-5;

  /** Some inputs and neurons, all of one of both, next to nothing. */
  private static final float[][] SOME = {{0.6f, 0.4f}, {0.5f, 0.3f}};

  private static final float[][] SOME_BY_PREVIEW = {{0.4f, 1.5f, 0.9f}, {0.3f, 3, 0.8f}};

  /** Enough for tiles, and no whole number of their blocks. */
  private static final int TOKENS = 74;

  /** Too few for tiles. */
  private static final int FEW = 19;

  @TempDir Path folder;

  /**
   * @param layout "tokens" or "preview"
   * @param d hidden_size
   * @param m intermediate_size
   */
  record Case(
      String name,
      String layout,
      int d,
      int m,
      boolean bf16,
      boolean scalar,
      float[][] thresholds) {
    @Override
    public String toString() {
      return "%s of %s, %d x %d%s%s"
          .formatted(name, layout, d, m, bf16 ? ", bf16" : "", scalar ? ", plain" : "");
    }

    RandomModel model() {
      Random random = new Random(hash());
      RandomModel model =
          new RandomModel(random, d, m, 6, 1, bf16, RandomModel.masks(random, m, 0.5));
      model.thresholds = thresholds;
      if (bf16) { // as the writer rounds all of a model
        model.weights.values().forEach(Case::round);
      }
      return model;
    }

    private static void round(float[] weights) {
      for (int i = 0; i < weights.length; i++) {
        weights[i] = Elements.fromBf16(Elements.bf16(weights[i]));
      }
    }

    int[] tokens() {
      return new Random(hash() + 1).ints(TOKENS, 0, RandomModel.VOCABULARY).toArray();
    }

    /**
     * With a preview, factors on the edge of two whole numbers may be rounded to either, and then
     * neurons on the edge of the threshold be kept or not: PreviewPassTest is exact.
     */
    boolean exact() {
      return !layout.equals("preview");
    }

    void check(String what, double[] expected, float[] row) {
      double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
      double tolerance = exact() ? TOLERANCE : 0.02;
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], row[i], tolerance * largest, what + ", id " + i);
      }
    }

    private int hash() {
      return d + 31 * m;
    }
  }

  /** Some of a small model. */
  static Case small(String layout) {
    return layout.equals("tokens")
        ? new Case("some", layout, 37, 75, false, false, SOME)
        : new Case("some", layout, 64, 192, false, false, SOME_BY_PREVIEW);
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (boolean bf16 : new boolean[] {false, true}) {
      for (boolean scalar : new boolean[] {false, true}) {
        cases.add(new Case("some", "tokens", 37, 75, bf16, scalar, SOME));
        cases.add(new Case("some", "tokens", 96, 160, bf16, scalar, SOME));
        cases.add(new Case("some", "preview", 64, 192, bf16, scalar, SOME_BY_PREVIEW));
        cases.add(new Case("some", "preview", 128, 384, bf16, scalar, SOME_BY_PREVIEW));
      }
      float[][] allOfOne = {{0.6f, -1}, {-1, 0.4f}};
      float[][] nextToNothing = {{99, 0}, {3, 1e30f}};
      cases.add(new Case("all of one", "tokens", 37, 75, bf16, false, allOfOne));
      cases.add(new Case("next to nothing", "tokens", 37, 75, bf16, false, nextToNothing));
      cases.add(new Case("all of one", "preview", 64, 192, bf16, false, allOfOne));
      cases.add(new Case("next to nothing", "preview", 64, 192, bf16, false, nextToNothing));
    }
    return cases;
  }

  static List<Case> plainCases() {
    return cases().stream().filter(c -> !c.bf16 && !c.scalar).toList();
  }

  private Model open(RandomModel model, String layout, WeightType weights, boolean scalar)
      throws IOException {
    Path path = folder.resolve(layout);
    KernelChoice choice =
        scalar ? new KernelChoice(new ScalarKernels(), "for a test") : KernelChoice.get();
    return Model.open(
        Files.exists(path) ? path : model.write(path, layout), new LoadOptions(weights, 2), choice);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void promptsAndTokensOneByOneGiveTheReference(Case c) throws IOException {
    RandomModel model = c.model();
    int[] tokens = c.tokens();
    ReferenceModel reference = new ReferenceModel(model, c.layout);
    double[][] expected = reference.logits(tokens);
    double share = reference.weights / (3.0 * c.d * c.m * TOKENS * RandomModel.LAYERS);
    try (Model llama = open(model, c.layout, WeightType.AUTO, c.scalar)) {
      ModelState batched = llama.newState(TOKENS);
      llama.forwardEach(
          batched, tokens, 0, TOKENS, (t, row) -> c.check("prompt", expected[t], row));
      ModelState few = llama.newState(FEW);
      llama.forwardEach(few, tokens, 0, FEW, (t, row) -> c.check("few", expected[t], row));
      ModelState single = llama.newState(TOKENS);
      for (int t = 0; t < TOKENS; t++) {
        c.check("one by one", expected[t], llama.forward(single, tokens, t, 1));
      }
      double tolerance = c.exact() ? 1e-9 : 2e-3;
      assertEquals(share, batched.expertLoad().activeFfnShare(), tolerance);
      assertEquals(share, single.expertLoad().activeFfnShare(), tolerance);
      Shares shares = llama.shares(single.expertLoad());
      assertEquals(share, shares.activeFfn(), tolerance);
      assertTrue(
          shares.allIn() >= shares.activeFfn(), "whole cache lines and thresholds are counted");
    }
  }

  @ParameterizedTest
  @MethodSource("plainCases")
  void anObserverHearsWhatEachTokenKeepsInPromptsAndOneByOne(Case c) throws IOException {
    RandomModel model = c.model();
    int[] tokens = c.tokens();
    ReferenceModel reference = new ReferenceModel(model, c.layout);
    reference.logits(tokens);
    try (Model llama = open(model, c.layout, WeightType.AUTO, c.scalar)) {
      Heard prompt = new Heard(reference, c.exact());
      ModelState batched = llama.newState(TOKENS);
      batched.observe(prompt);
      llama.forward(batched, tokens, 0, TOKENS);
      assertEquals(RandomModel.LAYERS * TOKENS, prompt.calls);
      Heard few = new Heard(reference, c.exact());
      ModelState single = llama.newState(TOKENS);
      single.observe(few);
      llama.forward(single, tokens, 0, FEW);
      for (int t = FEW; t < TOKENS; t++) {
        llama.forward(single, tokens, t, 1);
      }
      assertEquals(RandomModel.LAYERS * TOKENS, few.calls);
      single.observe(null);
      single.truncate(0);
      llama.forward(single, tokens, 0, 1);
      assertEquals(RandomModel.LAYERS * TOKENS, few.calls, "nobody listens any more");
    }
  }

  /** Compares what it hears with what the reference keeps. */
  private static final class Heard implements LayerObserver {
    private final ReferenceModel reference;
    private final boolean exact;
    private int calls;

    Heard(ReferenceModel reference, boolean exact) {
      this.reference = reference;
      this.exact = exact;
    }

    @Override
    public void kept(int layer, int position, double inputs, int[] neurons) {
      TokenKept expected = reference.kept.get(layer).get(position);
      String where = "layer %d, token %d".formatted(layer, position);
      assertEquals(expected.inputs(), inputs, where);
      if (exact) {
        assertArrayEquals(expected.neurons(), neurons, where);
      } else {
        assertTrue(differing(expected.neurons(), neurons) <= 2, where);
      }
      calls++;
    }
  }

  /** How many are in one of two lists. */
  private static long differing(int[] a, int[] b) {
    return IntStream.concat(Arrays.stream(a), Arrays.stream(b)).distinct().count() * 2
        - a.length
        - b.length;
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokens", "preview"})
  void withoutThresholdsItIsTheDenseModel(String layout) throws IOException {
    RandomModel model = small(layout).model();
    model.thresholds = new float[][] {{-1, -1}, {-1, -1}};
    int[] tokens = small(layout).tokens();
    try (Model masked = open(model, layout, WeightType.AUTO, false);
        Model dense = open(model, "dense", WeightType.AUTO, false)) {
      ModelState a = masked.newState(TOKENS);
      ModelState b = dense.newState(TOKENS);
      for (int from : new int[] {0, TOKENS - 1}) { // a prompt, then one token
        int n = from == 0 ? TOKENS - 1 : 1;
        assertArrayEquals(
            dense.forward(b, tokens, from, n), masked.forward(a, tokens, from, n), 1e-4f);
      }
      assertEquals(1, a.expertLoad().activeFfnShare());
    }
  }

  @ParameterizedTest
  @CsvSource({"BF16, false", "INT8, false", "F32, true"})
  void aTokenOfAPromptHasTheSameBitsInAnyCompany(WeightType weights, boolean scalar)
      throws IOException {
    RandomModel model = small("tokens").model();
    int[] tokens = small("tokens").tokens();
    try (Model llama = open(model, "tokens", weights, scalar)) {
      float[][] whole = each(llama, tokens, TOKENS);
      for (int n : new int[] {28, 29, 31, 44, 48, 60}) {
        float[][] some = each(llama, tokens, n);
        for (int t = 0; t < n; t++) {
          assertArrayEquals(whole[t], some[t], "token %d of %d".formatted(t, n));
        }
      }
    }
  }

  private static float[][] each(Model llama, int[] tokens, int n) {
    float[][] rows = new float[n][];
    llama.forwardEach(llama.newState(n), tokens, 0, n, (t, row) -> rows[t] = row.clone());
    return rows;
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokens", "preview"})
  void roundedToInt8ItIsAsNearTheReferenceAsTheDenseModel(String layout) throws IOException {
    Case c = new Case("all", layout, 128, 192, false, false, SOME);
    RandomModel model = c.model();
    model.thresholds = new float[][] {{-1, -1}, {-1, -1}}; // rounding moves what is near one
    int[] tokens = c.tokens();
    double[][] expected = new ReferenceModel(model).logits(tokens);
    try (Model masked = open(model, layout, WeightType.INT8, false);
        Model dense = open(model, "dense", WeightType.INT8, false)) {
      float[][] prompt = each(masked, tokens, TOKENS);
      ModelState single = masked.newState(TOKENS);
      for (int t = 0; t < TOKENS; t++) {
        assertArrayEquals(prompt[t], masked.forward(single, tokens, t, 1), 1e-3f);
      }
      double error = error(expected, prompt);
      double ofDense = error(expected, each(dense, tokens, TOKENS));
      assertTrue(error < 1.3 * ofDense, "%s and %s".formatted(error, ofDense));
    }
  }

  private static double error(double[][] expected, float[][] actual) {
    double sum = 0;
    for (int t = 0; t < expected.length; t++) {
      for (int i = 0; i < expected[t].length; i++) {
        sum += Math.pow(actual[t][i] - expected[t][i], 2);
      }
    }
    return sum;
  }
}
