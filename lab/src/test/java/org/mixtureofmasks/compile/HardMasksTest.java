package org.mixtureofmasks.compile;

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
}
