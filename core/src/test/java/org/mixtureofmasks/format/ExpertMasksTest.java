package org.mixtureofmasks.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExpertMasksTest {
  private static final boolean T = true;
  private static final boolean F = false;

  private static ExpertMasks both(List<List<Mask>> neurons, List<List<Mask>> inputs) {
    return ExpertMasks.of(Map.of(Dimension.NEURONS, neurons, Dimension.INPUTS, inputs));
  }

  private static void assertRefused(List<List<Mask>> neurons, List<List<Mask>> inputs) {
    assertThrows(IllegalArgumentException.class, () -> both(neurons, inputs));
  }

  @Test
  void theActiveShareOfOneMaskIsItsMeanDensity() {
    ExpertMasks masks =
        ExpertMasks.ofNeurons(List.of(List.of(Mask.of(T, T, F, F), Mask.of(T, F, F, F))));
    assertEquals(0.375, masks.activeShare(1), 1e-12);
  }

  @Test
  void theActiveShareOfTwoMasksIsTheMeanUnionOverAllPairs() {
    ExpertMasks masks =
        ExpertMasks.ofNeurons(
            List.of(List.of(Mask.of(T, T, F, F), Mask.of(T, F, F, F), Mask.of(F, F, T, F))));
    // Unions: {0,1}, {0,1,2}, {0,2}: 7 of 12.
    assertEquals(7 / 12.0, masks.activeShare(2), 1e-12);
    assertEquals(0.75, masks.activeShare(3), 1e-12);
  }

  @Test
  void laterChangesOfTheListsDoNotReachTheMasks() {
    List<Mask> experts = new ArrayList<>(List.of(Mask.of(T, F)));
    ExpertMasks masks = ExpertMasks.ofNeurons(List.of(experts));
    experts.set(0, Mask.of(F, F));
    assertEquals(1, masks.mask(Dimension.NEURONS, 0, 0).count());
  }

  @Test
  void raggedMasksAreRefused() {
    for (List<List<Mask>> layers :
        List.of(
            List.<List<Mask>>of(),
            List.of(List.<Mask>of()),
            List.of(List.of(Mask.of(T, F), Mask.of(T))),
            List.of(List.of(Mask.of(T)), List.of(Mask.of(T), Mask.of(T))))) {
      assertThrows(IllegalArgumentException.class, () -> ExpertMasks.ofNeurons(layers));
    }
  }

  @Test
  void aDimensionWithoutMasksHasNone() {
    ExpertMasks masks = ExpertMasks.ofNeurons(List.of(List.of(Mask.of(T))));
    assertFalse(masks.has(Dimension.INPUTS));
    assertThrows(IllegalArgumentException.class, () -> masks.layer(Dimension.INPUTS, 0));
  }

  @Test
  void inputMasksSaveTwoOfTheThreeProjections() {
    // Two of three inputs and three of four neurons: work 0.583, the paper's product 0.5.
    ExpertMasks masks =
        both(List.of(List.of(Mask.of(T, T, T, F))), List.of(List.of(Mask.of(T, F, T))));
    assertEquals((2 * 2 * 3 + 3 * 3) / 36.0, masks.activeShare(1), 1e-12);
    assertEquals(0.5, masks.paperShare(), 1e-12);
    assertEquals(2, masks.keptInputs(0), 1e-12);
    assertThrows(IllegalArgumentException.class, () -> masks.activeShare(2));
  }

  @Test
  void sharesAreMeansOverLayersAndExperts() {
    ExpertMasks masks =
        both(
            List.of(List.of(Mask.of(T, F), Mask.of(T, T)), List.of(Mask.of(F, F), Mask.of(T, T))),
            List.of(List.of(Mask.of(T, T), Mask.of(F, F)), List.of(Mask.of(T, F), Mask.of(T, F))));
    // By expert: half of all; none, without inputs; none, without neurons; (4 + 4) of 12.
    assertEquals((0.5 + 0 + 0 + 8 / 12.0) / 4, masks.activeShare(1), 1e-12);
    assertEquals((0.5 + 0 + 0 + 0.5) / 4, masks.paperShare(), 1e-12);
  }

  @Test
  void inputMasksOfOtherLayersOrExpertsAreRefused() {
    assertRefused(List.of(List.of(Mask.of(T, F))), List.of(List.of(Mask.of(T), Mask.of(T))));
    assertRefused(List.of(List.of(Mask.of(T)), List.of(Mask.of(T))), List.of(List.of(Mask.of(T))));
  }
}
