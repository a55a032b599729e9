package org.mixtureofmasks.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class RecomputationTest {
  @Test
  void layersRunForwardOnceAndOnceMoreFromTheLastToTheFirst() {
    DecoderModule model = TestModels.tiny(3, Precision.FP32);
    List<Integer> layers = new ArrayList<>();
    List<Integer> parts = new ArrayList<>();
    FeedForward dense =
        (layer, x, weights) -> {
          layers.add(layer);
          return weights.dense(x);
        };
    try (PointerScope _ = new PointerScope()) {
      Tensor ids = Tensors.of(new long[][] {{1, 2, 3}, {4, 5, 6}});
      Recomputation pass = new Recomputation(model, ids, dense);
      assertEquals(List.of(0, 1), layers);
      assertArrayEquals(
          Tensors.toFloats(model.hidden(ids, (_, x, weights) -> weights.dense(x))),
          Tensors.toFloats(pass.hidden()));
      pass.differentiate(
          torch.ones_like(pass.hidden()),
          (part, weights, gradients) -> {
            parts.add(part);
            assertEquals(weights.size(), gradients.size());
            assertFalse(weights.isEmpty());
          });
      assertEquals(List.of(0, 1, 1, 0), layers);
      assertEquals(List.of(3, 2, 1, 0), parts);
    }
  }
}
