package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.recipe.RunKeys;

class TrainedWeightsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"all", "ffn", "ffn_and_norms"})
  void onlyTheWeightsThatTheRecipeNamesAreMoved(String which) throws IOException {
    TinyRun tiny = new TinyRun(folder, 64);
    String keys = "token_masks: {calibration_tokens: 256, split: uniform}\n";
    Map<String, float[]> before = new LinkedHashMap<>();
    try (Trainer trainer =
            Trainer.begin(
                tiny.recipe("token_masks", keys, "train.steps=2", "train.weights=" + which),
                tiny.path("run"),
                TrainingListener.SILENT);
        PointerScope _ = new PointerScope()) {
      trainer.model().parameters().forEach((name, t) -> before.put(name, Tensors.toFloats(t)));
      trainer.train();
      for (Map.Entry<String, Tensor> each : trainer.model().parameters().entrySet()) {
        String name = each.getKey();
        boolean ffn = name.contains("mlp");
        boolean norm = name.contains("norm");
        boolean moves = which.equals("all") || ffn || norm && which.equals("ffn_and_norms");
        float[] now = Tensors.toFloats(each.getValue());
        if (moves) {
          float[] then = before.get(name);
          int moved = 0;
          for (int i = 0; i < now.length; i++) {
            moved += now[i] == then[i] ? 0 : 1;
          }
          assertTrue(moved > 0, name);
        } else {
          assertArrayEquals(before.get(name), now, name);
        }
      }
    }
  }

  @Test
  void theOthersHaveNoGradientsAndTakeNoMemoryForThem() {
    ModelConfig config = TestModels.tinyConfig(64);
    long ffn = 3L * config.layers() * config.hiddenSize() * config.intermediateSize();
    long norms = (2L * config.layers() + 1) * config.hiddenSize();
    long all = new TrainedWeights(true, RunKeys.Weights.ALL).count(config);
    assertEquals(ffn, new TrainedWeights(true, RunKeys.Weights.FFN).count(config));
    assertEquals(
        ffn + norms, new TrainedWeights(true, RunKeys.Weights.FFN_AND_NORMS).count(config));
    assertEquals(0, new TrainedWeights(false, RunKeys.Weights.FFN).count(config));
    assertFalse(all <= ffn + norms);
  }
}
