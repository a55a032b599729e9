package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.sparsify.LayerByLayer;
import org.mixtureofmasks.sparsify.Method;

/** Layers that are computed again for their gradients ({@code train.recompute}). */
class RecomputeTest {
  private static final String INPUTS = "token_masks: {calibration_tokens: 64, split: uniform}\n";
  private static final String PREVIEW =
      "token_masks: {calibration_tokens: 64, choice: preview, split: uniform, target: 0.6}\n";

  private static final int NEURONS = 64;

  @TempDir Path folder;

  private record Step(
      StepLoss.Result loss, List<Optional<float[]>> gradients, Map<String, Object> metrics) {}

  private static Step step(Recipe recipe, ModelConfig config, Precision precision, boolean again) {
    DecoderModule model = TestModels.random(config, 5, precision);
    TrainedWeights.of(recipe, Methods.provider(recipe)).mark(model);
    Method method = Methods.create(recipe, config);
    LayerByLayer.prepare(method, model, inputs());
    DecoderModule teacher = TestModels.random(config, 6, precision).frozenCopy();
    List<Tensor> trained =
        model.parameters().values().stream().filter(Tensor::requires_grad).toList();
    StepLoss loss = new StepLoss(model, method, trained, Optional.of(teacher), 0.5, 2, again);
    method.beginStep(0, 1);
    StepLoss.Result result = loss.accumulate(StepLossTest.rows(), 2);
    List<Optional<float[]>> gradients = new ArrayList<>();
    for (Tensor t : model.parameters().values()) {
      gradients.add(
          t.grad().defined() ? Optional.of(Tensors.toFloats(t.grad())) : Optional.empty());
    }
    return new Step(result, gradients, method.metrics());
  }

  private static long[][] inputs() {
    return Arrays.stream(StepLossTest.rows())
        .map(row -> Arrays.copyOf(row, 8))
        .toArray(long[][]::new);
  }

  @ParameterizedTest
  @CsvSource({
    "dense, '', true, FP32, all",
    "dense, '', false, FP32, all",
    "dense, '', true, BF16, all",
    "dense, '', true, FP32, ffn",
    "dense, '', false, FP32, ffn_and_norms",
    "token_masks, inputs, true, FP32, all",
    "token_masks, inputs, false, BF16, all",
    "token_masks, preview, true, FP32, all",
    "token_masks, preview, false, FP32, all",
  })
  void lossGradientsAndSharesHaveTheBitsOfLayersThatAreKept(
      String method, String choice, boolean tied, Precision precision, String weights)
      throws IOException {
    String keys = choice.equals("inputs") ? INPUTS : choice.equals("preview") ? PREVIEW : "";
    Recipe recipe = new TinyRun(folder, NEURONS).recipe(method, keys, "train.weights=" + weights);
    ModelConfig config = TestModels.tinyConfig(NEURONS, tied);
    Step kept = step(recipe, config, precision, false);
    assertTrue(kept.gradients().stream().anyMatch(Optional::isPresent));
    for (int round = 0; round < 3; round++) {
      Step again = step(recipe, config, precision, true);
      assertEquals(kept.loss(), again.loss());
      assertEquals(kept.metrics(), again.metrics());
      for (int i = 0; i < kept.gradients().size(); i++) {
        assertArrayEquals(
            kept.gradients().get(i).orElse(null),
            again.gradients().get(i).orElse(null),
            "tensor " + i);
      }
    }
  }

  @Test
  void nothingIsComputedForWeightsThatDoNotLearn() throws IOException {
    Recipe recipe =
        new TinyRun(folder, NEURONS)
            .recipe("token_masks", INPUTS, "token_masks.train_weights=false");
    Step again = step(recipe, TestModels.tinyConfig(NEURONS, false), Precision.FP32, true);
    assertTrue(again.loss().crossEntropy() > 0);
    assertTrue(again.gradients().stream().allMatch(Optional::isEmpty));
  }

  @Test
  void aMethodThatNeedsAllLayersAtOnceIsRefusedBeforeAnythingIsMade() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Recipe recipe = tiny.recipe("mixture_of_masks", "", "train.recompute=true");
    Path out = tiny.path("run");
    UserError refused =
        assertThrows(
            UserError.class, () -> Trainer.begin(recipe, out, TrainingListener.SILENT).close());
    assertEquals(UserError.USAGE, refused.exitCode());
    assertTrue(
        refused.getMessage().startsWith("train.recompute: mixture_of_masks needs all layers"),
        refused.getMessage());
    assertFalse(out.toFile().exists());
    assertThrows(UserError.class, () -> RunForecast.of(recipe, out, RunForecast.Timing.NEVER));
  }

  @Test
  void whereOnlyItFitsTheRefusalNamesIt() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Path out = tiny.path("run");
    RunForecast kept =
        RunForecast.of(tiny.dense("train.micro_batch_rows=1"), out, RunForecast.Timing.NEVER);
    Machine small = new Machine(kept.ledger().memoryBytes() - 1, Long.MAX_VALUE);
    UserError refused = assertThrows(UserError.class, () -> kept.require(small));
    assertTrue(refused.getMessage().contains("set train.recompute to true"), refused.getMessage());
    Recipe again = tiny.dense("train.micro_batch_rows=1", "train.recompute=true");
    RunForecast.of(again, out, RunForecast.Timing.NEVER).require(small);
  }

  @Test
  void aRunOfItIsTimedTrainedAndResumedAsAnyOther() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    String[] few = {"train.steps=3", "evaluate.every=0", "checkpoint.every=1"};
    Recipe kept = tiny.dense(few);
    Path whole = run(tiny, "whole", kept, 3);
    Recipe recipe = tiny.dense(few[0], few[1], few[2], "train.recompute=true");
    RunForecast forecast = RunForecast.of(recipe, tiny.path("again"), RunForecast.Timing.ALWAYS);
    assertTrue(forecast.ledger().seconds() > 0);
    Path again = run(tiny, "again", recipe, 2);
    try (Trainer trainer = Trainer.resume(again, TrainingListener.SILENT)) {
      trainer.train();
    }
    Map<String, Tensor> weights = TrainingCheckpoint.weights(whole.resolve("step-000003"));
    TrainingCheckpoint.weights(again.resolve("step-000003"))
        .forEach(
            (name, t) ->
                assertArrayEquals(Tensors.toFloats(weights.get(name)), Tensors.toFloats(t), name));
  }

  private static Path run(TinyRun tiny, String name, Recipe recipe, int steps) {
    Path out = tiny.path(name);
    try (Trainer trainer = Trainer.begin(recipe, out, TrainingListener.SILENT)) {
      trainer.train(steps);
    }
    return out;
  }
}
