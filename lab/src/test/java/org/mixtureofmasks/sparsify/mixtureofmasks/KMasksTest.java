package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;

class KMasksTest {
  private static final int TOKENS = 1200;
  private static final int GATES = 40;
  private static final int D = 12;
  private static final int E = 4;
  private static final int ON = 10;

  @BeforeAll
  static void natives() {
    Natives.start(2);
  }

  /**
   * Tokens of four kinds, each with ten important gates of its own (overlapping by two) and noise
   * on the rest; the kind shows in x as a direction, with noise.
   */
  private record Planted(float[] x, float[] importance, int[] kind, boolean[][] masks) {
    static Planted of(long seed) {
      SplittableRandom r = new SplittableRandom(seed);
      boolean[][] masks = new boolean[E][GATES];
      for (int e = 0; e < E; e++) {
        for (int i = 0; i < ON; i++) {
          masks[e][(e * (ON - 2) + 3 * i) % GATES] = true;
        }
      }
      float[] x = new float[TOKENS * D];
      float[] importance = new float[TOKENS * GATES];
      int[] kind = new int[TOKENS];
      for (int t = 0; t < TOKENS; t++) {
        kind[t] = r.nextInt(E);
        for (int i = 0; i < D; i++) {
          x[t * D + i] = (float) (0.3 * r.nextGaussian() + (i % E == kind[t] ? 1 : 0));
        }
        for (int j = 0; j < GATES; j++) {
          double size = masks[kind[t]][j] ? 1 : 0.1;
          importance[t * GATES + j] = (float) (size * (0.5 + r.nextDouble()));
        }
      }
      return new Planted(x, importance, kind, masks);
    }
  }

  private static boolean[][] masks(Tensor values) {
    float[] flat = Tensors.toFloats(KMasks.largest(values, ON));
    boolean[][] masks = new boolean[E][GATES];
    for (int i = 0; i < flat.length; i++) {
      masks[i / GATES][i % GATES] = flat[i] != 0;
    }
    return masks;
  }

  private static Set<String> asSet(boolean[][] masks) {
    Set<String> set = new HashSet<>();
    for (boolean[] mask : masks) {
      set.add(Arrays.toString(mask));
    }
    return set;
  }

  @Test
  void plantedMasksAreRecoveredAndTheRouterSendsTokensToThem() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Planted planted = Planted.of(5);
      Tensor x = Tensors.of(planted.x(), TOKENS, D);
      KMasks kMasks = new KMasks(Tensors.of(planted.importance(), TOKENS, GATES), E, 1);
      KMasks.Result result = kMasks.fit(x, ON, new SplittableRandom(1));
      boolean[][] found = masks(result.meanImportance());
      assertEquals(asSet(planted.masks()), asSet(found));
      Tensor router = RouterFit.fit(x, result.captured().mul(new Scalar(100)).softmax(1));
      long[] chosen = Tensors.toLongs(x.matmul(router.t()).argmax(new LongOptional(1), false));
      int right = 0;
      for (int t = 0; t < TOKENS; t++) {
        right += Arrays.equals(found[(int) chosen[t]], planted.masks()[planted.kind()[t]]) ? 1 : 0;
      }
      assertTrue(right > 0.98 * TOKENS, right + " of " + TOKENS + " tokens find their mask");
    }
  }

  @Test
  void theSameSeedGivesTheSameBits() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Planted planted = Planted.of(9);
      Tensor x = Tensors.of(planted.x(), TOKENS, D);
      float[][] runs = new float[2][];
      for (int i = 0; i < 2; i++) {
        KMasks kMasks = new KMasks(Tensors.of(planted.importance(), TOKENS, GATES), 7, 2);
        runs[i] = Tensors.toFloats(kMasks.fit(x, ON, new SplittableRandom(4)).logAlpha());
      }
      assertArrayEquals(runs[0], runs[1]);
    }
  }

  @Test
  void everyMaskHasTokensEvenWhenThereAreMoreMasksThanKinds() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Planted planted = Planted.of(2);
      KMasks kMasks = new KMasks(Tensors.of(planted.importance(), TOKENS, GATES), 24, 1);
      KMasks.Result result =
          kMasks.fit(Tensors.of(planted.x(), TOKENS, D), ON, new SplittableRandom(3));
      float[] rows = Tensors.toFloats(result.meanImportance().sum(1));
      for (int e = 0; e < 24; e++) {
        assertTrue(rows[e] > 0, "mask " + e + " has seen no token");
      }
    }
  }

  @Test
  void logAlphaIsTheZScoreOfTheLogarithm() {
    try (PointerScope _ = new PointerScope()) {
      Tensor mean = Tensors.of(new float[] {1, (float) Math.E, (float) (Math.E * Math.E)}, 1, 3);
      float[] z = Tensors.toFloats(new KMasks.Result(mean, mean).logAlpha());
      float edge = (float) Math.sqrt(1.5);
      assertArrayEquals(new float[] {-edge, 0, edge}, z, 1e-5f);
    }
  }

  @Test
  void importanceIsTheSquaredSizeOfWhatANeuronAddsSummedOverItsBlock() {
    try (PointerScope _ = new PointerScope()) {
      Tensor a = Tensors.of(new float[] {1, -2, 3, 0.5f}, 1, 4);
      Tensor down = Tensors.of(new float[] {1, 0, 2, 4, 1, 3, 0, 3}, 2, 4);
      float[] each = {1 * 2, 4 * 9, 9 * 4, 0.25f * 25};
      assertArrayEquals(each, Tensors.toFloats(KMasks.importance(a, down, 1)), 1e-5f);
      float[] pairs = {each[0] + each[1], each[2] + each[3]};
      assertArrayEquals(pairs, Tensors.toFloats(KMasks.importance(a, down, 2)), 1e-5f);
    }
  }

  @Test
  void theUnionOfTwoMasksMeetsTheTarget() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      SplittableRandom r = new SplittableRandom(8);
      float[] ranking = new float[8 * 200];
      for (int i = 0; i < ranking.length; i++) {
        ranking[i] = (float) r.nextGaussian();
      }
      long[] chosen = new long[2 * 500];
      for (int t = 0; t < 500; t++) {
        chosen[2 * t] = r.nextInt(8);
        chosen[2 * t + 1] = (chosen[2 * t] + 1 + r.nextInt(7)) % 8;
      }
      Tensor values = Tensors.of(ranking, 8, 200);
      Tensor pairs = Tensors.of(chosen, 500, 2);
      int on = UnionDensity.gatesOn(values, pairs, 0.5);
      assertEquals(0.5, UnionDensity.union(values, pairs, on), 0.004);
      // Independent masks: 1 - (1 - q)² = 1/2 at q = 0.293.
      assertEquals(200 * UnionDensity.independent(0.5, 2), on, 6);
      assertEquals(200, UnionDensity.gatesOn(values, pairs, 1));
    }
  }
}
