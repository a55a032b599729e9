package org.mixtureofmasks.sparsify.pruning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.sparsify.LayerByLayer;
import org.mixtureofmasks.sparsify.Shipped;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;

class PruningTest {
  @TempDir Path folder;

  private static long[][] rows(int count, long seed) {
    SplittableRandom r = new SplittableRandom(seed);
    long[][] rows = new long[count][12];
    for (long[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = r.nextInt(50);
      }
    }
    return rows;
  }

  private static float[] logits(DecoderModule model, FeedForward ffn) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      return Tensors.toFloats(model.forward(Tensors.of(rows(3, 2)), ffn));
    }
  }

  /** Mean of (a ‖W_d[:,j]‖)² over the calibration rows in plain Java. */
  private static double[] importance(DecoderModule model, int layer, long[][] calibration) {
    double[] sums = new double[24];
    float[] down = Tensors.toFloats(model.ffn(layer).down());
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      model.hidden(
          Tensors.of(calibration),
          (l, x, weights) -> {
            float[] a = l == layer ? Tensors.toFloats(weights.activations(x)) : new float[0];
            for (int i = 0; i < a.length; i++) {
              double norm = 0;
              for (int r = 0; r < 16; r++) {
                norm += (double) down[r * 24 + i % 24] * down[r * 24 + i % 24];
              }
              sums[i % 24] += (double) a[i] * a[i] * norm;
            }
            return weights.dense(x);
          });
    }
    return sums;
  }

  @Test
  void theNeuronsOfTheLargestMeanImportanceStay() {
    DecoderModule model = TestModels.tiny(5, Precision.FP32);
    Pruning method = new Pruning(0.3); // round(7.2) of 24
    LayerByLayer.prepare(method, model, rows(16, 1));
    for (int l = 0; l < 2; l++) {
      double[] importance = importance(model, l, rows(16, 1));
      double least = Arrays.stream(importance).sorted().toArray()[24 - 7];
      boolean[][] mask = Shipped.neurons(method)[l];
      assertEquals(1, mask.length);
      for (int j = 0; j < 24; j++) {
        assertEquals(importance[j] >= least, mask[0][j], "layer " + l + " neuron " + j);
      }
    }
  }

  @Test
  void itIsTheDenseModelWithoutTheDownColumnsOfWhatIsGone() {
    DecoderModule model = TestModels.tiny(6, Precision.FP32);
    Pruning method = new Pruning(0.5);
    LayerByLayer.prepare(method, model, rows(16, 1));
    float[] pruned = logits(model, method.feedForward());
    try (NoGradGuard _ = new NoGradGuard()) {
      for (int l = 0; l < 2; l++) {
        Tensor down = model.ffn(l).down();
        for (int j = 0; j < 24; j++) {
          if (!Shipped.neurons(method)[l][0][j]) {
            down.select(1, j).zero_();
          }
        }
      }
    }
    assertArrayEquals(logits(model, (l, x, weights) -> weights.dense(x)), pruned, 1e-5f);
  }

  @Test
  void itsRouterIsZeroAndNotTrained() {
    DecoderModule model = TestModels.tiny(7, Precision.FP32);
    Pruning method = new Pruning(0.5);
    LayerByLayer.prepare(method, model, rows(16, 1));
    assertTrue(method.parameterGroups().isEmpty());
    assertArrayEquals(new float[16], Shipped.routers(method).get(1));
  }

  @Test
  void aTargetThatLeavesNothingIsRefused() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    UserError error =
        assertThrows(
            UserError.class,
            () ->
                Trainer.begin(
                    tiny.recipe("pruning", "pruning: {target: 0.01}\n"),
                    tiny.path("run"),
                    TrainingListener.SILENT));
    assertEquals(
        "pruning.target is 0.01, which leaves none of the model's 24 neurons: give a larger share",
        error.getMessage());
  }
}
