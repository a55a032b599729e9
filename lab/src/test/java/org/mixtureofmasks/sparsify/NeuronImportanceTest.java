package org.mixtureofmasks.sparsify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;

class NeuronImportanceTest {
  @Test
  void isTheSquareOfTheActivationTimesTheLengthOfTheDownColumn() {
    Natives.start(2);
    try (PointerScope _ = new PointerScope()) {
      Tensor a = Tensors.of(new float[] {1, -2, 3, 0.5f}, 2, 2);
      Tensor down = Tensors.of(new float[] {3, 0, 4, 2}, 2, 2); // columns of length 5 and 2
      assertArrayEquals(
          new float[] {25, 16, 225, 1}, Tensors.toFloats(NeuronImportance.of(a, down)));
    }
  }

  @Test
  void theMeanIsThatOfEveryTokenWhateverThePasses() {
    DecoderModule model = TestModels.tiny(3, Precision.FP32);
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      int tokens = 2500; // two passes
      float[] x = new float[tokens * 16];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) Math.sin(i);
      }
      Tensor input = Tensors.of(x, tokens, 16);
      float[] all = Tensors.toFloats(NeuronImportance.ofTokens(input, model.ffn(0)));
      float[] mean = Tensors.toFloats(NeuronImportance.mean(input, model.ffn(0)));
      for (int j = 0; j < 24; j++) {
        double sum = 0;
        for (int t = 0; t < tokens; t++) {
          sum += all[t * 24 + j];
        }
        assertEquals(sum / tokens, mean[j], 1e-4 * mean[j]);
      }
    }
  }
}
