package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.ScalarKernels;

class PackedTest {
  @TempDir Path folder;

  private Path model(String layout) throws IOException {
    Random random = new Random(7);
    boolean[][][] masks = RandomModel.masks(random, 48, 0.5, 0.4, 0.6, 0.5);
    return new RandomModel(random, 32, 48, 8, 2, true, masks).write(folder.resolve(layout), layout);
  }

  private static Model open(Path model) {
    return Model.open(model, new LoadOptions(WeightType.AUTO, 2));
  }

  private static double[] alone(Model llama, int[] text, int target) {
    float[] logits = llama.forward(llama.newState(128), text, 0, text.length);
    double sum = 0;
    float max = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      sum += Math.exp(logit);
      max = Math.max(max, logit);
    }
    return new double[] {logits[target] - Math.log(sum), logits[target] == max ? 1 : 0};
  }

  /**
   * Held: 5 tokens. The pack has two branches behind all of them, one of which forks again, one
   * behind 2 of them and one that begins anew.
   */
  @ParameterizedTest
  @ValueSource(strings = {"dense", "masked", "runs", "copied"})
  void everyBranchSeesItsOwnTextAlone(String layout) throws IOException {
    int[] held = {3, 1, 4, 1, 5};
    int[] tokens = {9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};
    int[] parents = {~5, 0, 1, 1, ~5, 4, ~2, 6, ~0, 8, 9};
    int[][] texts = {
      {3, 1, 4, 1, 5, 9, 2, 6},
      {3, 1, 4, 1, 5, 9, 2, 5},
      {3, 1, 4, 1, 5, 3, 5},
      {3, 1, 8, 9},
      {7, 9, 3},
    };
    int[] ends = {2, 3, 5, 7, 10};
    try (Model llama = open(model(layout))) {
      ModelState state = llama.newState(64);
      llama.forward(state, held, 0, held.length);
      int[] targets = {11, 22, 33, 44, 52};
      Packed.Scores scores = llama.score(state, new Packed(tokens, parents, ends, targets, 3));
      for (int i = 0; i < texts.length; i++) {
        assertEquals(
            alone(llama, texts[i], targets[i])[0], scores.logProbabilities()[i], 1e-5, "text " + i);
      }
      // Now it holds the last text.
      assertEquals(3, state.position());
      float[] expected = llama.forward(llama.newState(64), new int[] {7, 9, 3, 40}, 0, 4).clone();
      assertArrayEquals(expected, llama.forward(state, new int[] {40}, 0, 1), 1e-4f);
      assertEquals(held.length + tokens.length + 1, state.expertLoad().tokens());
    }
  }

  @Test
  void oneTokenMayHaveManyTargetsOfWhichOneIsTheMostLikely() throws IOException {
    int[] all = IntStream.range(0, RandomModel.VOCABULARY).toArray();
    try (Model llama = open(model("dense"))) {
      Packed pack = new Packed(new int[] {8, 9}, new int[] {~0, 0}, new int[all.length], all, 2);
      Packed.Scores scores = llama.score(llama.newState(8), pack);
      double sum = 0;
      int greedy = 0;
      for (int i = 0; i < all.length; i++) {
        sum += Math.exp(scores.logProbabilities()[i]);
        greedy += scores.greedy()[i] ? 1 : 0;
        assertEquals(alone(llama, new int[] {8}, i)[1] == 1, scores.greedy()[i]);
      }
      assertEquals(1, sum, 1e-6);
      assertEquals(1, greedy);
    }
  }

  /** Branches that lie across blocks of the key cache, and more rows than are computed together. */
  @Test
  void longBranchesAreMovedTogetherAndGoOn() throws IOException {
    Random random = new Random(3);
    int[] context = random.ints(37, 0, RandomModel.VOCABULARY).toArray();
    int[] branches = random.ints(120, 0, RandomModel.VOCABULARY).toArray();
    int[] parents = new int[120];
    for (int t = 0; t < 120; t++) {
      parents[t] = t % 30 == 0 ? ~(37 - t / 30) : t - 1;
    }
    int[] every = IntStream.range(0, 120).toArray();
    try (Model llama = open(model("runs"))) {
      ModelState state = llama.newState(128);
      llama.forward(state, context, 0, 37);
      Packed.Scores scores =
          llama.score(state, new Packed(branches, parents, every, branches, 34 + 30));
      for (int b = 0; b < 4; b++) {
        int[] text = Arrays.copyOf(context, 37 - b + 30);
        System.arraycopy(branches, 30 * b, text, 37 - b, 30);
        double exact = alone(llama, text, branches[30 * b + 29])[0];
        assertEquals(exact, scores.logProbabilities()[30 * b + 29], 1e-5);
        if (b == 3) {
          state.truncate(63);
          float[] logits = llama.forward(state, text, 63, 1).clone();
          assertArrayEquals(llama.forward(llama.newState(64), text, 0, 64), logits, 1e-4f);
        }
      }
    }
  }

  @Test
  void theScalarKernelsJudgeTheSame() throws IOException {
    Packed pack =
        new Packed(
            new int[] {3, 1, 4, 5, 9},
            new int[] {~0, 0, 1, 0, 3},
            new int[] {2, 4},
            new int[] {7, 8},
            0);
    Path path = model("runs");
    try (Model vector = open(path);
        Model scalar =
            Model.open(
                path,
                new LoadOptions(WeightType.AUTO, 1),
                new KernelChoice(new ScalarKernels(), "for comparison"))) {
      assertArrayEquals(
          scalar.score(scalar.newState(8), pack).logProbabilities(),
          vector.score(vector.newState(8), pack).logProbabilities(),
          1e-5);
    }
  }

  @Test
  void whatCannotBeRunLeavesTheStateAsItWas() throws IOException {
    try (Model llama = open(model("dense"))) {
      ModelState state = llama.newState(4);
      llama.forward(state, new int[] {1, 2}, 0, 2);
      int[] none = {};
      int[] one = {~2};
      for (Packed wrong :
          new Packed[] {
            new Packed(new int[] {RandomModel.VOCABULARY}, one, none, none, 0),
            new Packed(new int[] {1}, one, new int[] {0}, new int[] {-1}, 0),
            new Packed(new int[] {1, 2, 3}, new int[] {~2, 0, 1}, none, none, 0)
          }) {
        assertThrows(UserError.class, () -> llama.score(state, wrong));
      }
      for (Packed wrong :
          new Packed[] {
            new Packed(none, none, none, none, 0),
            new Packed(new int[] {1}, new int[] {~3}, none, none, 0),
            new Packed(new int[] {1}, new int[] {0}, none, none, 0),
            new Packed(new int[] {1}, one, none, none, 4),
            new Packed(new int[] {1, 2}, new int[] {~2, 0}, new int[] {1, 0}, new int[2], 0)
          }) {
        assertThrows(IllegalArgumentException.class, () -> llama.score(state, wrong));
      }
      assertEquals(2, state.position());
    }
  }
}
