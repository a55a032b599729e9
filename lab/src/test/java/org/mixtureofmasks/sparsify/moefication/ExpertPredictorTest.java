package org.mixtureofmasks.sparsify.moefication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Tensors;

class ExpertPredictorTest {
  @BeforeAll
  static void natives() {
    Natives.start(2);
  }

  @Test
  void aTargetIsTheExpertsScoreOverTheLargestOfTheToken() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      // Experts {0, 3} and {1, 2}: scores 1 + 3 = 4 and 2 + 6 = 8; then 5 and 0; then nothing.
      Tensor importance = Tensors.of(new float[] {1, 2, 6, 3, 4, 0, 0, 1, 0, 0, 0, 0}, 3, 4);
      Tensor targets = ExpertPredictor.targets(importance, new int[] {0, 1, 1, 0}, 2);
      assertArrayEquals(new float[] {0.5f, 1, 1, 0, 0, 0}, Tensors.toFloats(targets), 1e-6f);
    }
  }

  @Test
  void theRouterSendsTokensToTheExpertThatIsActiveInThem() {
    SplittableRandom random = new SplittableRandom(6);
    int tokens = 600;
    float[] x = new float[tokens * 5];
    float[] importance = new float[tokens * 6];
    int[] kind = new int[tokens];
    for (int t = 0; t < tokens; t++) {
      kind[t] = random.nextInt(3);
      for (int i = 0; i < 5; i++) {
        x[t * 5 + i] = (float) ((i == kind[t] ? 1 : 0) + 0.2 * random.nextGaussian());
      }
      for (int j = 0; j < 6; j++) {
        importance[t * 6 + j] = (float) ((j % 3 == kind[t] ? 1 : 0.3) * random.nextDouble(0.8, 1));
      }
    }
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Tensor input = Tensors.of(x, tokens, 5);
      Tensor router =
          ExpertPredictor.fit(
              input, Tensors.of(importance, tokens, 6), new int[] {0, 1, 2, 0, 1, 2}, 3);
      Tensor r = input.matmul(router.t());
      long[] chosen = Tensors.toLongs(r.argmax(new LongOptional(1), false));
      float[] predicted = Tensors.toFloats(r.sigmoid());
      int right = 0;
      double active = 0;
      for (int t = 0; t < tokens; t++) {
        right += chosen[t] == kind[t] ? 1 : 0;
        active += predicted[t * 3 + kind[t]] / tokens;
      }
      assertEquals(1, right / (double) tokens, 0.02);
      assertEquals(1, active, 0.15); // sigmoid(r) predicts the target itself, not only its rank
    }
  }
}
