package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.Shares;

/**
 * Both shares by hand. d = 8, m = 10, E = 2: a layer's dense FFN has 3·8·10 = 240 weights, 960
 * bytes in fp32 and 480 in bf16; the router is 2·8 fp32 weights, 64 bytes, whatever the FFN's
 * format.
 */
class FfnTrafficTest {
  private static final int D = 8;
  private static final int M = 10;
  private static final int[] TOKENS = {1, 2, 3, 4, 5, 6, 7};
  private static final double EXACT = 1e-12;

  @TempDir Path folder;

  @Test
  void aDenseModelIsTheWhole() throws IOException {
    RandomModel model = model(Routing.topK(1), false, 0, 5, 10);
    try (Model dense = open(model, "dense")) {
      assertEquals(Shares.DENSE, measured(dense));
      assertEquals(Shares.DENSE, dense.shares());
    }
  }

  @Test
  void theRouterInFp32WeighsTwiceBesideAnFfnInBf16() throws IOException {
    // 5 neurons of 3·8 weights, the router, one pair of offsets and one run: 8 + 8 bytes.
    for (String layout : List.of("runs", "copied")) {
      check(model(Routing.topK(1), false, 0, 5, 10), layout, 0.5, (480 + 64 + 16) / 960.0);
      check(model(Routing.topK(1), true, 0, 5, 10), layout, 0.5, (240 + 64 + 16) / 480.0);
    }
  }

  @Test
  void theMaskedLayoutReadsEverythingAndTheMaskBesides() throws IOException {
    check(model(Routing.topK(1), false, 0, 5, 10), "masked", 0.5, (960 + 64 + 10) / 960.0);
    check(model(Routing.topK(1), true, 0, 5, 10), "masked", 0.5, (480 + 64 + 10) / 480.0);
  }

  @Test
  void aNeuronThatTwoChosenExpertsHoldIsReadOnce() throws IOException {
    // Experts hold 0-5 and 4-9. Stored are the shared ones first, then each one's own: the first
    // expert is one run, the second two.
    RandomModel model = model(Routing.topK(2), false, 0, 6, 4, 10);
    try (Model sparse = open(model, "runs")) {
      assertShares(1, (960 + 64 + 2 * 8 + 3 * 8) / 960.0, measured(sparse));
    }
  }

  @Test
  void withAThresholdEachTokenReadsWhatItChose() throws IOException {
    RandomModel all = model(Routing.threshold(2, 0), false, 0, 5, 10);
    try (Model sparse = open(all, "runs")) {
      assertShares(1, (960 + 64 + 2 * 16) / 960.0, measured(sparse));
      // What was asked for stands in the file: half of the weights, so one expert of two.
      assertShares(0.5, (480 + 64 + 16) / 960.0, sparse.shares());
    }
    RandomModel none = model(Routing.threshold(2, 0.999_999_999), false, 0, 5, 10);
    try (Model sparse = open(none, "runs")) {
      assertShares(0, 64 / 960.0, measured(sparse));
    }
  }

  @Test
  void inputMasksLeaveOutColumnsOfGateAndUpAndAddTheirLists() throws IOException {
    RandomModel model = model(Routing.topK(1), false, 0, 5, 10);
    model.inputMasks = intervals(D, 0, 4, 8);
    // 2·4·5 weights of gate and up, 5·8 of down; 4 kept inputs of 4 bytes.
    double share = 80 / 240.0;
    try (Model copied = open(model, "copied");
        Model masked = open(model, "masked")) {
      assertShares(share, (320 + 64 + 16) / 960.0, measured(copied));
      assertShares(share, (960 + 64 + 10 + 8) / 960.0, measured(masked));
    }
  }

  @Test
  void beforeTheFirstTokenNothingIsKnownOfASparseModel() throws IOException {
    try (Model sparse = open(model(Routing.topK(1), false, 0, 5, 10), "runs")) {
      Shares shares = sparse.shares(sparse.newState(8).expertLoad());
      assertTrue(Double.isNaN(shares.activeFfn()) && Double.isNaN(shares.allIn()));
    }
  }

  /** Measured, and by the file's headers, where experts are of one size. */
  private void check(RandomModel model, String layout, double active, double allIn)
      throws IOException {
    try (Model sparse = open(model, layout)) {
      assertShares(active, allIn, measured(sparse));
      assertShares(active, allIn, sparse.shares());
    }
  }

  private static void assertShares(double active, double allIn, Shares shares) {
    assertEquals(active, shares.activeFfn(), EXACT);
    assertEquals(allIn, shares.allIn(), EXACT);
  }

  private static Shares measured(Model model) {
    ModelState state = model.newState(TOKENS.length);
    model.forward(state, TOKENS, 0, TOKENS.length);
    return model.shares(state.expertLoad());
  }

  private Model open(RandomModel model, String layout) throws IOException {
    Path to = folder.resolve(layout + (model.bf16 ? "16" : "32") + model.routing.hashCode());
    return Model.open(model.write(to, layout), new LoadOptions(WeightType.AUTO, 1));
  }

  private static RandomModel model(Routing routing, boolean bf16, int... bounds) {
    return new RandomModel(new Random(1), D, M, 6, routing, bf16, intervals(M, bounds));
  }

  /** Two masks: [a, b) and [b, c) of three bounds, [a, b) and [c, d) of four. */
  private static boolean[][][] intervals(int width, int... bounds) {
    boolean[][][] masks = new boolean[RandomModel.LAYERS][2][width];
    for (boolean[][] layer : masks) {
      for (int j = 0; j < width; j++) {
        layer[0][j] = j >= bounds[0] && j < bounds[1];
        layer[1][j] = j >= bounds[bounds.length - 2] && j < bounds[bounds.length - 1];
      }
    }
    return masks;
  }
}
