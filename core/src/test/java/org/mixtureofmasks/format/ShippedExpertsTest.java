package org.mixtureofmasks.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ShippedExpertsTest {
  private static final int D = 3;
  private static final List<List<Mask>> NEURONS = List.of(List.of(Mask.all(4), Mask.all(4)));

  private static ShippedExperts withInputs(int inputs, Routing routing) {
    List<List<Mask>> masks = List.of(List.of(Mask.all(inputs), Mask.all(inputs)));
    return new ShippedExperts(
        ExpertMasks.of(Map.of(Dimension.NEURONS, NEURONS, Dimension.INPUTS, masks)),
        List.of(new float[2 * D]),
        routing);
  }

  @Test
  void theHiddenSizeIsWhatRoutersSay() {
    ExpertMasks masks = ExpertMasks.ofNeurons(NEURONS);
    assertEquals(
        D, new ShippedExperts(masks, List.of(new float[2 * D]), Routing.topK(1)).hiddenSize());
    Routing swiglu =
        new Routing(Routing.Score.SWIGLU, Routing.Select.TOP_K, 1, 0, Routing.Weights.ONES);
    assertEquals(D, new ShippedExperts(masks, List.of(new float[4 * D]), swiglu).hiddenSize());
  }

  @Test
  void everyLayerHasARouter() {
    ExpertMasks masks = ExpertMasks.ofNeurons(NEURONS);
    assertThrows(
        IllegalArgumentException.class,
        () -> new ShippedExperts(masks, List.of(), Routing.topK(1)));
  }

  @Test
  void inputMasksAreForOneExpertATokenAndOfTheHiddenSize() {
    assertEquals(D, withInputs(D, Routing.topK(1)).hiddenSize());
    assertThrows(IllegalArgumentException.class, () -> withInputs(D, Routing.topK(2)));
    assertThrows(IllegalArgumentException.class, () -> withInputs(D, Routing.threshold(2, .5)));
    assertThrows(IllegalArgumentException.class, () -> withInputs(D + 1, Routing.topK(1)));
  }
}
