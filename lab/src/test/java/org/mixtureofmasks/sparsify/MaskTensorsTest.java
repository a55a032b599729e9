package org.mixtureofmasks.sparsify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;

class MaskTensorsTest {
  @Test
  void masksComeBackFromTheirTensor() {
    Natives.start(1);
    List<Mask> masks = List.of(Mask.of(70, j -> j % 3 == 0), Mask.of(70, _ -> false), Mask.all(70));
    try (PointerScope _ = new PointerScope()) {
      Tensor tensor = MaskTensors.of(masks);
      assertArrayEquals(new long[] {3, 70}, Tensors.shape(tensor));
      assertEquals(24 + 70, tensor.sum().item_double());
      assertEquals(masks, MaskTensors.masks(tensor));
    }
  }
}
