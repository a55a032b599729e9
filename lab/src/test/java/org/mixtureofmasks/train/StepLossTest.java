package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.Preparation;

class StepLossTest {
  private record Step(StepLoss.Result loss, List<float[]> gradients) {}

  private static Step step(Precision precision, boolean atOnce, int microRows) {
    DecoderModule model = TestModels.tiny(5, precision);
    DecoderModule teacher = TestModels.tiny(6, precision).frozenCopy();
    List<Tensor> trained = List.copyOf(model.parameters().values());
    StepLoss loss =
        new StepLoss(model, new Dense(atOnce), trained, Optional.of(teacher), 0.5, 2, false);
    StepLoss.Result result = loss.accumulate(rows(), microRows);
    List<float[]> gradients = new ArrayList<>();
    trained.forEach(t -> gradients.add(Tensors.toFloats(t.grad())));
    return new Step(result, gradients);
  }

  static long[][] rows() {
    SplittableRandom random = new SplittableRandom(1);
    long[][] rows = new long[7][9];
    for (long[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextInt(50);
      }
    }
    return rows;
  }

  @Test
  void microBatchesSideBySideGiveTheBitsThatTheyGiveOneAfterTheOther() {
    Step alone = step(Precision.FP32, false, 2);
    for (int again = 0; again < 5; again++) {
      Step together = step(Precision.FP32, true, 2);
      assertEquals(alone.loss(), together.loss());
      for (int i = 0; i < alone.gradients().size(); i++) {
        assertArrayEquals(alone.gradients().get(i), together.gradients().get(i), "tensor " + i);
      }
    }
  }

  @Test
  void aStepIsTheMeanOverItsTokensHoweverItsRowsAreCut() {
    Step whole = step(Precision.FP32, true, 7);
    Step cut = step(Precision.FP32, true, 3);
    assertEquals(whole.loss().crossEntropy(), cut.loss().crossEntropy(), 1e-6);
    assertEquals(whole.loss().divergence(), cut.loss().divergence(), 1e-6);
    for (int i = 0; i < whole.gradients().size(); i++) {
      assertArrayEquals(whole.gradients().get(i), cut.gradients().get(i), 1e-6f, "tensor " + i);
    }
  }

  /** The dense model, with and without leave to run its passes at once. */
  private record Dense(boolean passesAtOnce) implements Method {
    @Override
    public String name() {
      return "dense";
    }

    @Override
    public Preparation prepare(ModelConfig config) {
      return Preparation.ofNothing(() -> {});
    }

    @Override
    public FeedForward feedForward() {
      return (layer, x, weights) -> weights.dense(x);
    }

    @Override
    public void restore(ModelConfig config, Map<String, Tensor> saved) {
      // There is no state.
    }
  }
}
