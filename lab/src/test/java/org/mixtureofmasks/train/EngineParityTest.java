package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.compile.RunModel;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;
import org.mixtureofmasks.model.WeightType;
import org.mixtureofmasks.nn.Tensors;

/** What is judged is what ships: the trainer's model and the engine's, compiled from its run. */
class EngineParityTest {
  private static final int[] TOKENS = {3, 17, 3, 49, 0, 21, 8, 45, 30, 11};

  /** fp32 in both, sums in other orders; logits are of the size of 10. */
  private static final float TOLERANCE = 2e-4f;

  /** What the recipes with a threshold ask for. */
  private static final double TARGET = 0.5;

  @TempDir Path folder;

  private static float[][] inTheTrainer(Trainer trainer) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      long[][] ids = {Arrays.stream(TOKENS).asLongStream().toArray()};
      float[] flat =
          Tensors.toFloats(
              trainer.model().forward(Tensors.of(ids), trainer.method().feedForward()));
      float[][] rows = new float[TOKENS.length][];
      for (int t = 0; t < rows.length; t++) {
        rows[t] = Arrays.copyOfRange(flat, t * 50, (t + 1) * 50);
      }
      return rows;
    }
  }

  private static float[][] inTheEngine(Path model) {
    float[][] rows = new float[TOKENS.length][];
    try (Model llama = Model.open(model, new LoadOptions(WeightType.AUTO, 1))) {
      ModelState state = llama.newState(16);
      llama.forwardEach(state, TOKENS, 0, TOKENS.length, (i, row) -> rows[i] = row.clone());
    }
    return rows;
  }

  private static double activeShare(Path model) {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      return ConfigReader.read(checkpoint).mixtureOfMasks().orElseThrow().activeFfnShare();
    }
  }

  private static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  private void parity(String masks, String... overrides) throws IOException {
    parityOf("mixture_of_masks", masks, overrides);
  }

  private void parityOf(String method, String masks, String... overrides) throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Path run = tiny.path("run");
    try (Trainer trainer =
        Trainer.begin(tiny.recipe(method, masks, overrides), run, TrainingListener.SILENT)) {
      trainer.train();
      float[][] expected = inTheTrainer(trainer);
      ShippedExperts shipped = trainer.method().shipped().orElseThrow();
      for (Layout layout : Layout.values()) {
        Path out = tiny.path("model-" + layout.word());
        RunModel.of(FinishedRun.open(run)).write(out, Optional.of(layout), Optional.empty());
        boolean byMasks = shipped.routing().select() == Routing.Select.TOP_K;
        assertEquals(
            byMasks ? shipped.masks().activeShare(shipped.routing().topK()) : TARGET,
            activeShare(out));
        float[][] actual = inTheEngine(out);
        for (int t = 0; t < TOKENS.length; t++) {
          assertArrayEquals(expected[t], actual[t], TOLERANCE, layout + " at " + t);
          assertEquals(best(expected[t]), best(actual[t]), "greedy token after " + t);
        }
      }
    }
  }

  @Test
  void aTrainedMixtureOfOneMaskAToken() throws IOException {
    parity(
        """
        masks: {start: calibrated, experts: 5, calibration_tokens: 160}
        """,
        "train.precision=fp32");
  }

  @Test
  void aTrainedMixtureOfTwoMasksATokenInBlocks() throws IOException {
    parity(
        """
        masks: {start: calibrated, experts: 6, top_k: 2, block: 4, calibration_tokens: 160}
        """,
        "train.precision=fp32");
  }

  @Test
  void masksLearnedFromOnesUnderOneBudgetForTheModel() throws IOException {
    parity(
        """
        masks: {start: ones, experts: 3, sparsify_share: 0.5, budget: global, mask_lr: 0.2}
        """,
        "train.precision=fp32");
  }

  @Test
  void aTrainingFreeRun() throws IOException {
    parity(
        """
        masks: {start: calibrated, experts: 4, target: 0.25, calibration_tokens: 160}
        """,
        "train.precision=fp32",
        "train.steps=0");
  }

  @Test
  void aTrainedMoefication() throws IOException {
    parityOf(
        "moefication",
        """
        moefication: {experts: 6, top_k: 3, calibration_tokens: 160}
        """,
        "train.precision=fp32");
  }

  @Test
  void gatesBehindATrainedThreshold() throws IOException {
    parityOf(
        "dsmoe",
        """
        dsmoe: {experts: 6, target: 0.5, calibration_tokens: 160}
        """,
        "train.precision=fp32");
  }

  @Test
  void aPrunedModelHasOneExpertForEveryToken() throws IOException {
    parityOf(
        "pruning",
        """
        pruning: {target: 0.25, calibration_tokens: 160}
        """,
        "train.precision=fp32");
  }

  @Test
  void sharedAndRoutedExpertsByAnAnalyticalRouter() throws IOException {
    parityOf(
        "cmoe",
        """
        cmoe: {experts: 8, shared: 2, active: 3, marks: 4, calibration_tokens: 160}
        """,
        "train.precision=fp32");
  }

  @Test
  void trainedTokenMasks() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Path run = tiny.path("run");
    Path out = tiny.path("out");
    String masks = "token_masks: {target: 0.5, calibration_tokens: 160}";
    try (Trainer trainer =
        Trainer.begin(
            tiny.recipe("token_masks", masks, "train.precision=fp32"),
            run,
            TrainingListener.SILENT)) {
      trainer.train();
      float[][] expected = inTheTrainer(trainer);
      Map<String, Object> made =
          RunModel.of(FinishedRun.open(run)).write(out, Optional.empty(), Optional.empty());
      assertEquals(0.5, (double) made.get("active_ffn_share"), 0.02);
      float[][] actual = inTheEngine(out);
      for (int t = 0; t < TOKENS.length; t++) {
        assertArrayEquals(expected[t], actual[t], TOLERANCE, "at " + t);
      }
    }
    UserError refused =
        assertThrows(
            UserError.class,
            () ->
                RunModel.of(FinishedRun.open(run))
                    .write(tiny.path("again"), Optional.of(Layout.COPIED), Optional.empty()));
    assertEquals(
        "--layout copied is of experts: a model with token masks has one layout",
        refused.getMessage());
  }

  @Test
  void aRunWithoutExpertsIsWrittenAsTheDenseModelThatItIs() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Path run = tiny.path("dense");
    Path out = tiny.path("out");
    try (Trainer trainer =
        Trainer.begin(
            tiny.dense("train.steps=1", "train.precision=fp32"), run, TrainingListener.SILENT)) {
      trainer.train();
      float[][] expected = inTheTrainer(trainer);
      Map<String, Object> made =
          RunModel.of(FinishedRun.open(run)).write(out, Optional.empty(), Optional.empty());
      assertEquals(1.0, made.get("active_ffn_share"));
      float[][] actual = inTheEngine(out);
      for (int t = 0; t < TOKENS.length; t++) {
        assertArrayEquals(expected[t], actual[t], TOLERANCE, "at " + t);
      }
    }
  }
}
