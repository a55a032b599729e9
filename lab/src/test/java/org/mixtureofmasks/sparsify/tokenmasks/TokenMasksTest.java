package org.mixtureofmasks.sparsify.tokenmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.train.Methods;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;

class TokenMasksTest {
  private static final String CALIBRATION = "token_masks: {calibration_tokens: 256}\n";
  private static final String UNIFORM =
      "token_masks: {calibration_tokens: 256, split: uniform, inputs: 0.5, target: 0.5}\n";

  /** hidden_size and intermediate_size. */
  private static final int D = 64;

  private static final int M = 64;

  private static final String PREVIEW =
      "token_masks: {calibration_tokens: 256, choice: preview, split: uniform, target: 0.6}\n";

  @TempDir Path folder;

  private List<JsonNode> metrics(Path run) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      lines.add(new ObjectMapper().readTree(line));
    }
    return lines;
  }

  private Trainer begin(String keys, String name, String... overrides) throws IOException {
    TinyRun tiny = new TinyRun(folder, M);
    Recipe recipe = tiny.recipe("token_masks", keys, overrides);
    return Trainer.begin(recipe, tiny.path(name), TrainingListener.SILENT);
  }

  @Test
  void theShareIsMetOnTextThatNoThresholdHasSeen() throws IOException {
    for (String keys : List.of(CALIBRATION, UNIFORM)) {
      Path run = folder.resolve("run" + keys.length());
      try (Trainer trainer = begin(keys, run.getFileName().toString(), "train.steps=0")) {
        trainer.train();
      }
      double share = metrics(run).getFirst().get("active_ffn_share_measured").asDouble();
      assertEquals(0.5, share, 0.05, keys);
    }
  }

  @Test
  void whatAPreviewReadsCountsAsPartOfTheShare() throws IOException {
    Object asked;
    try (Trainer trainer = begin(PREVIEW, "run", "train.steps=0")) {
      trainer.train();
      asked = trainer.method().validationMetrics().get("share_all_in_measured");
    }
    JsonNode start = metrics(folder.resolve("run")).getFirst();
    assertEquals(
        start.get("share_all_in_measured").asDouble(), asked, "who asks again hears it too");
    assertEquals(0.6, start.get("share_all_in_measured").asDouble(), 0.05);
    assertEquals(0.394, start.get("active_ffn_share_measured").asDouble(), 0.05);
    for (JsonNode inputs : start.get("kept_inputs")) {
      assertEquals(0.54, inputs.asDouble(), 0.1);
    }
  }

  @Test
  void uniformLayersKeepWhatTheRecipeSays() throws IOException {
    try (Trainer trainer = begin(UNIFORM, "run", "train.steps=0")) {
      trainer.train();
    }
    JsonNode start = metrics(folder.resolve("run")).getFirst();
    for (JsonNode inputs : start.get("kept_inputs")) {
      assertEquals(0.5, inputs.asDouble(), 0.1);
    }
    for (JsonNode neurons : start.get("kept_neurons")) {
      assertEquals(0.5, neurons.asDouble(), 0.1);
    }
  }

  @Test
  void aShareOfOneIsTheDenseModel() throws IOException {
    double dense;
    TinyRun tiny = new TinyRun(folder, M);
    try (Trainer trainer =
        Trainer.begin(
            tiny.recipe("dense", "", "train.steps=0"),
            tiny.path("dense"),
            TrainingListener.SILENT)) {
      trainer.train();
      dense = metrics(tiny.path("dense")).getFirst().get("validation_loss").asDouble();
    }
    try (Trainer trainer = begin(CALIBRATION, "all", "train.steps=0", "token_masks.target=1")) {
      trainer.train();
    }
    JsonNode all = metrics(folder.resolve("all")).getFirst();
    assertEquals(1, all.get("active_ffn_share_measured").asDouble());
    assertEquals(dense, all.get("validation_loss").asDouble(), 1e-9);
  }

  @Test
  void aFeedForwardIsTheDenseOneOfWhatIsKept() throws IOException {
    try (Trainer trainer = begin(UNIFORM, "run", "train.steps=0", "train.precision=fp32");
        PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      float[] limits = Tensors.toFloats(trainer.method().state().get("token_masks.thresholds"));
      Tensor x = Tensors.of(ramp(D), 1, D);
      float[] kept = ramp(D);
      for (int i = 0; i < kept.length; i++) {
        kept[i] = Math.abs(kept[i]) > limits[2] ? kept[i] : 0;
      }
      var weights = trainer.model().ffn(1);
      float[] a = Tensors.toFloats(weights.activations(Tensors.of(kept, 1, D)));
      for (int j = 0; j < a.length; j++) {
        a[j] = Math.abs(a[j]) > limits[3] ? a[j] : 0;
      }
      assertArrayEquals(
          Tensors.toFloats(weights.project(Tensors.of(a, 1, M))),
          Tensors.toFloats(trainer.method().feedForward().apply(1, x, weights)),
          1e-6f);
    }
  }

  @Test
  void withTopKEachTokenOfAStepKeepsItsOwnShareWhateverTheThresholds() throws IOException {
    String exact = UNIFORM.replace("target", "rule: top_k, target");
    try (Trainer trainer = begin(exact, "run", "train.steps=0", "train.precision=fp32");
        PointerScope _ = new PointerScope()) {
      var weights = trainer.model().ffn(1);
      float[] small = ramp(D);
      for (int i = 0; i < small.length; i++) {
        small[i] *= 1e-3f; // all of it is below the thresholds
      }
      Tensor x = Tensors.of(small, 1, D);
      float[] kept = largest(small, D / 2);
      float[] a = largest(Tensors.toFloats(weights.activations(Tensors.of(kept, 1, D))), M / 2);
      float[] expected = Tensors.toFloats(weights.project(Tensors.of(a, 1, M)));
      assertArrayEquals(
          expected, Tensors.toFloats(trainer.method().feedForward().apply(1, x, weights)), 1e-9f);
      try (NoGradGuard _ = new NoGradGuard()) {
        float[] validated = Tensors.toFloats(trainer.method().feedForward().apply(1, x, weights));
        assertArrayEquals(new float[D], validated, "what validates has thresholds");
      }
    }
  }

  /** With the values of another size than the n largest at 0. */
  private static float[] largest(float[] values, int n) {
    float[] sizes = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      sizes[i] = Math.abs(values[i]);
    }
    Arrays.sort(sizes);
    float[] kept = values.clone();
    for (int i = 0; i < kept.length; i++) {
      kept[i] = Math.abs(kept[i]) >= sizes[kept.length - n] ? kept[i] : 0;
    }
    return kept;
  }

  private static float[] ramp(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) Math.sin(1 + 3.0 * i);
    }
    return values;
  }

  @Test
  void thresholdsOfTooFewTokensComeToTheShareWhileWeightsLearn() throws IOException {
    String keys = "token_masks: {calibration_tokens: 8, split: uniform, follow: %s}\n";
    try (Trainer trainer = begin(keys.formatted("1.0"), "follows")) {
      trainer.train();
    }
    try (Trainer trainer = begin(keys.formatted("0"), "stays")) {
      trainer.train();
    }
    double follows = off("follows");
    double stays = off("stays");
    assertTrue(follows < stays, () -> "%s is not nearer than %s".formatted(follows, stays));
  }

  /** How far the shares that the later steps kept are off, all in one direction. */
  private double off(String run) throws IOException {
    double sum = 0;
    List<JsonNode> lines = metrics(folder.resolve(run));
    for (JsonNode line : lines.subList(8, lines.size() - 1)) {
      sum += line.get("active_ffn_share").asDouble() - 0.5;
    }
    return Math.abs(sum);
  }

  @ParameterizedTest
  @ValueSource(strings = {CALIBRATION, PREVIEW})
  void aResumedRunGoesOnAsIfNothingHadHappened(String keys) throws IOException {
    try (Trainer whole = begin(keys, "whole")) {
      whole.train();
    }
    try (Trainer half = begin(keys, "half")) {
      half.train(9);
    }
    try (Trainer rest = Trainer.resume(folder.resolve("half"), TrainingListener.SILENT)) {
      rest.train();
    }
    List<JsonNode> expected = metrics(folder.resolve("whole"));
    List<JsonNode> got = metrics(folder.resolve("half"));
    assertEquals(expected.size(), got.size());
    assertNotEquals(expected.get(1).get("loss"), expected.getLast().get("loss"));
    for (int i = 0; i < got.size(); i++) {
      for (String figure : List.of("loss", "distillation_loss", "active_ffn_share")) {
        assertEquals(expected.get(i).get(figure), got.get(i).get(figure), figure + " of line " + i);
      }
    }
  }

  @Test
  void distillationIsTheDefaultAndTheDenseModelItsTeacher() throws IOException {
    try (Trainer trainer = begin(CALIBRATION, "run", "train.steps=2")) {
      trainer.train();
    }
    assertTrue(metrics(folder.resolve("run")).get(1).get("distillation_loss").asDouble() > 0);
  }

  @Test
  void aPreviewOfNoWholeBlocksIsRefusedBeforeAnythingIsMade() throws IOException {
    Recipe recipe = new TinyRun(folder).recipe("token_masks", PREVIEW);
    UserError error =
        assertThrows(
            UserError.class,
            () -> Methods.provider(recipe).create(recipe, TestModels.tinyConfig(24)));
    assertTrue(error.getMessage().contains("intermediate_size of 24"), error.getMessage());
  }

  @Test
  void settingsThatLeaveNothingAreRefusedInOneLine() throws IOException {
    Map<String, String> wrong =
        Map.of(
            "token_masks.inputs=0.9",
            "token_masks.inputs 0.9 leaves",
            "token_masks.inputs=0.1",
            "token_masks.inputs 0.1 leaves");
    for (Map.Entry<String, String> each : wrong.entrySet()) {
      UserError error =
          assertThrows(
              UserError.class, () -> begin("token_masks: {split: uniform}\n", "x", each.getKey()));
      assertEquals(UserError.USAGE, error.exitCode());
      assertTrue(error.getMessage().startsWith(each.getValue()), error.getMessage());
    }
    UserError copyAlone =
        assertThrows(
            UserError.class,
            () ->
                begin(
                    "token_masks: {split: uniform, choice: preview, inputs: 0.7}\n",
                    "x",
                    "token_masks.target=0.1"));
    assertTrue(
        copyAlone.getMessage().startsWith("token_masks.inputs 0.7 leaves"), copyAlone.getMessage());
    UserError ignored =
        assertThrows(UserError.class, () -> begin("", "x", "token_masks.inputs=0.5"));
    assertTrue(ignored.getMessage().contains("split uniform"), ignored.getMessage());
    assertFalse(Files.exists(folder.resolve("x")), "nothing is written");
  }
}
