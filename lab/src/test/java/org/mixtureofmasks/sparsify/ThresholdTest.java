package org.mixtureofmasks.sparsify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;

class ThresholdTest {
  @Test
  void itIsExceededByTheShareOfTheAbsoluteValues() {
    Natives.start(2);
    try (PointerScope _ = new PointerScope()) {
      Tensor magnitudes = Tensors.of(new float[] {0.4f, 0.1f, 0.3f, 0.2f}, 2, 2);
      assertEquals(0.2f, Threshold.of(magnitudes, 0.5));
      assertEquals(0.3f, Threshold.of(magnitudes, 0.25));
      assertEquals(-1, Threshold.of(magnitudes, 1));
      assertEquals(0.4f, Threshold.of(magnitudes, 0));
      assertEquals(0.2f, Threshold.of(Tensors.of(new float[] {-0.4f, 0.1f, 0.3f, -0.2f}, 4), 0.5));
    }
  }

  @Test
  void whatIsAboveItIsOneAndAllIsAboveNone() {
    Natives.start(2);
    try (PointerScope _ = new PointerScope()) {
      Tensor values = Tensors.of(new float[] {-0.4f, 0, 0.3f, -0.2f}, 4);
      assertArrayEquals(new float[] {1, 0, 1, 0}, Tensors.toFloats(Threshold.above(values, 0.2f)));
      assertArrayEquals(
          new float[] {1, 1, 1, 1}, Tensors.toFloats(Threshold.above(values, Threshold.ALL)));
    }
  }
}
