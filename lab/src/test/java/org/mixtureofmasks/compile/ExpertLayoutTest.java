package org.mixtureofmasks.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.ExpertLayout;
import org.mixtureofmasks.format.Mask;

class ExpertLayoutTest {
  /** Random masks; every fourth layout has an empty expert, every fifth a full one. */
  static boolean[][] random(int seed) {
    SplittableRandom r = new SplittableRandom(seed);
    int experts = 1 + r.nextInt(seed % 3 == 0 ? 130 : 9);
    int neurons = 1 + r.nextInt(60);
    double density = r.nextDouble();
    boolean[][] masks = new boolean[experts][neurons];
    for (int e = 0; e < experts; e++) {
      for (int j = 0; j < neurons; j++) {
        // Some neurons are shared, some redundant, the rest random.
        masks[e][j] = j % 7 == 0 || (j % 11 != 5 && r.nextDouble() < density);
      }
    }
    if (seed % 4 == 0) {
      Arrays.fill(masks[r.nextInt(experts)], false);
    }
    if (seed % 5 == 0) {
      Arrays.fill(masks[r.nextInt(experts)], true);
    }
    return masks;
  }

  private static ExpertLayout runs(boolean[][] experts) {
    List<Mask> masks = TestMasks.layer(experts);
    return ExpertLayout.runs(masks, NeuronOrder.of(masks));
  }

  private static ExpertLayout copied(boolean[][] experts) {
    List<Mask> masks = TestMasks.layer(experts);
    return ExpertLayout.copied(masks, NeuronOrder.of(masks));
  }

  private static int[] owners(boolean[][] masks) {
    int[] owners = new int[masks[0].length];
    for (boolean[] mask : masks) {
      for (int j = 0; j < owners.length; j++) {
        owners[j] += mask[j] ? 1 : 0;
      }
    }
    return owners;
  }

  @Test
  void runsGiveTheMasksBackAndStoreEachLiveNeuronOnce() {
    for (int seed = 0; seed < 300; seed++) {
      boolean[][] masks = random(seed);
      ExpertLayout layout = runs(masks);
      int[] owners = owners(masks);
      assertEquals(TestMasks.layer(masks), layout.masks(masks[0].length), "seed " + seed);
      int[] live = IntStream.range(0, owners.length).filter(j -> owners[j] > 0).toArray();
      assertArrayEquals(live, Arrays.stream(layout.order()).sorted().toArray(), "seed " + seed);
      int[] shared =
          IntStream.range(0, owners.length).filter(j -> owners[j] == masks.length).toArray();
      assertArrayEquals(shared, Arrays.copyOf(layout.order(), layout.shared()), "shared first");
      assertEquals(owners.length - live.length, layout.redundant());
      assertRunsAscendAndDoNotTouch(layout);
    }
  }

  private static void assertRunsAscendAndDoNotTouch(ExpertLayout layout) {
    int[] offsets = layout.offsets();
    assertEquals(0, offsets[0]);
    assertEquals(layout.runCount(), offsets[offsets.length - 1]);
    for (int e = 0; e + 1 < offsets.length; e++) {
      int end = -1;
      for (int r = offsets[e]; r < offsets[e + 1]; r++) {
        int[] run = layout.runs()[r];
        assertTrue(run[0] > end && run[1] > 0 && run[0] + run[1] <= layout.order().length);
        end = run[0] + run[1]; // the next run begins later, or it would be the same run
      }
    }
  }

  @Test
  void copiesGiveTheMasksBackInOneRunEach() {
    for (int seed = 0; seed < 100; seed++) {
      boolean[][] masks = random(seed);
      ExpertLayout layout = copied(masks);
      assertEquals(TestMasks.layer(masks), layout.masks(masks[0].length), "seed " + seed);
      assertEquals(Arrays.stream(owners(masks)).sum(), layout.order().length);
      for (int e = 0; e < masks.length; e++) {
        assertEquals(
            IntStream.range(0, masks[e].length).anyMatch(indexOn(masks[e])) ? 1 : 0,
            layout.offsets()[e + 1] - layout.offsets()[e]);
      }
    }
  }

  private static java.util.function.IntPredicate indexOn(boolean[] mask) {
    return j -> mask[j];
  }

  @Test
  void noneAllAndOneExpertAreLaidOut() {
    ExpertLayout none = runs(new boolean[3][5]);
    assertEquals(0, none.live());
    assertEquals(5, none.redundant());
    assertArrayEquals(new int[] {0, 0, 0, 0}, none.offsets());
    boolean[][] all = new boolean[2][5];
    Arrays.fill(all[0], true);
    Arrays.fill(all[1], true);
    ExpertLayout full = runs(all);
    assertEquals(5, full.shared());
    assertArrayEquals(new int[][] {{0, 5}, {0, 5}}, full.runs());
    ExpertLayout one = runs(new boolean[][] {{true, false, true}});
    assertEquals(2, one.shared());
    assertArrayEquals(new int[][] {{0, 2}}, one.runs());
  }

  @Test
  void shuffledNeuronsOfIntervalMasksBecomeOneRunEach() {
    // Masks that are intervals under a hidden order: the best order has one run for each.
    int neurons = 60;
    int experts = 6;
    int[] hidden = IntStream.range(0, neurons).toArray();
    SplittableRandom r = new SplittableRandom(1);
    for (int i = neurons - 1; i > 0; i--) {
      int j = r.nextInt(i + 1);
      int swap = hidden[i];
      hidden[i] = hidden[j];
      hidden[j] = swap;
    }
    boolean[][] masks = new boolean[experts][neurons];
    for (int e = 0; e < experts; e++) {
      for (int i = 0; i < 15; i++) {
        masks[e][hidden[e * 9 + i]] = true;
      }
    }
    assertEquals(experts, runs(masks).runCount());
  }

  @Test
  void theOrderHasFarFewerRunsThanTheDenseOrderAndIsTheSameEveryTime() {
    // Neurons of twelve kinds with some noise, as masks from activations are.
    SplittableRandom r = new SplittableRandom(2);
    boolean[][] kinds = new boolean[12][32];
    for (boolean[] kind : kinds) {
      for (int e = 0; e < kind.length; e++) {
        kind[e] = r.nextBoolean();
      }
    }
    boolean[][] masks = new boolean[32][240];
    for (int j = 0; j < 240; j++) {
      boolean[] kind = kinds[r.nextInt(12)];
      for (int e = 0; e < 32; e++) {
        masks[e][j] = kind[e] ^ r.nextInt(20) == 0;
      }
    }
    int before = 0;
    for (boolean[] mask : masks) {
      for (int j = 0; j < 240; j++) {
        before += mask[j] && (j == 0 || !mask[j - 1]) ? 1 : 0;
      }
    }
    ExpertLayout layout = runs(masks);
    assertTrue(
        layout.runCount() < 0.35 * before, layout.runCount() + " runs, " + before + " before");
    assertArrayEquals(layout.order(), runs(masks).order());
  }
}
