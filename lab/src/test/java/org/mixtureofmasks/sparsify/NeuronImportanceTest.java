package org.mixtureofmasks.sparsify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
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
  void importanceIsThatOfEachTokenWhateverThePasses() {
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
      for (int t : new int[] {0, 2047, 2048, 2499}) {
        Tensor a = model.ffn(0).activations(input.narrow(0, t, 1));
        assertArrayEquals(
            Tensors.toFloats(NeuronImportance.of(a, model.ffn(0).down())),
            Arrays.copyOfRange(all, t * 24, (t + 1) * 24),
            1e-5f);
      }
    }
  }
}
