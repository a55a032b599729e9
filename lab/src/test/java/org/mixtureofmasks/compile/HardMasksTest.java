package org.mixtureofmasks.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class HardMasksTest {
  private static final boolean T = true;
  private static final boolean F = false;

  @Test
  void theActiveShareOfOneMaskIsItsMeanDensity() {
    HardMasks masks = new HardMasks(new boolean[][][] {{{T, T, F, F}, {T, F, F, F}}});
    assertEquals(0.375, masks.activeShare(1), 1e-12);
  }

  @Test
  void theActiveShareOfTwoMasksIsTheMeanUnionOverAllPairs() {
    HardMasks masks = new HardMasks(new boolean[][][] {{{T, T, F, F}, {T, F, F, F}, {F, F, T, F}}});
    // Unions: {0,1}, {0,1,2}, {0,2}: 7 of 12.
    assertEquals(7 / 12.0, masks.activeShare(2), 1e-12);
    assertEquals(0.75, masks.activeShare(3), 1e-12);
  }

  @Test
  void laterChangesOfTheArraysDoNotReachTheMasks() {
    boolean[][][] on = {{{T, F}}};
    HardMasks masks = new HardMasks(on);
    on[0][0][0] = F;
    masks.layer(0)[0][0] = F;
    assertEquals(1, masks.size(0, 0));
  }

  @Test
  void raggedMasksAreRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> new HardMasks(new boolean[][][] {{{T, F}, {T}}}));
    assertThrows(IllegalArgumentException.class, () -> new HardMasks(new boolean[0][][]));
  }

  @Test
  void inputMasksSaveTwoOfTheThreeProjections() {
    // Two of three inputs and three of four neurons: work 0.583, the paper's product 0.5.
    HardMasks masks =
        new HardMasks(new boolean[][][] {{{T, T, T, F}}}, new boolean[][][] {{{T, F, T}}});
    assertEquals((2 * 2 * 3 + 3 * 3) / 36.0, masks.activeShare(1), 1e-12);
    assertEquals(0.5, masks.paperShare(), 1e-12);
    assertEquals(2, masks.keptInputs(0), 1e-12);
    assertArrayEquals(new int[] {0, 2}, masks.inputs(0, 0));
    assertThrows(IllegalArgumentException.class, () -> masks.activeShare(2));
  }

  @Test
  void sharesAreMeansOverLayersAndExperts() {
    boolean[][][] neurons = {{{T, F}, {T, T}}, {{F, F}, {T, T}}};
    boolean[][][] inputs = {{{T, T}, {F, F}}, {{T, F}, {T, F}}};
    HardMasks masks = new HardMasks(neurons, inputs);
    // By expert: half of all; none, without inputs; none, without neurons; (4 + 4) of 12.
    assertEquals((0.5 + 0 + 0 + 8 / 12.0) / 4, masks.activeShare(1), 1e-12);
    assertEquals((0.5 + 0 + 0 + 0.5) / 4, masks.paperShare(), 1e-12);
    assertEquals(0, masks.inputs(1, 0).length);
  }

  @Test
  void inputMasksOfOtherLayersOrExpertsAreRefused() {
    boolean[][][] one = {{{T, F}}};
    boolean[][][] two = {{{T}, {T}}};
    assertThrows(IllegalArgumentException.class, () -> new HardMasks(one, two));
    assertThrows(
        IllegalArgumentException.class,
        () -> new HardMasks(new boolean[][][] {{{T}}, {{T}}}, new boolean[][][] {{{T}}}));
  }
}
