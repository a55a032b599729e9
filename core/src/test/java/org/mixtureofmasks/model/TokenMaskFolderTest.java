package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Preview;
import org.mixtureofmasks.format.ShippedThresholds.Choice;
import org.mixtureofmasks.io.BadCheckpoint;

/** Folders with token masks of both kinds: what is in them, and what is refused. */
class TokenMaskFolderTest {
  private static final String MLP = "model.layers.1.mlp.";

  @TempDir Path folder;

  private Path write(String layout) throws IOException {
    return TokenMasksTest.small(layout).model().write(folder.resolve(layout), layout);
  }

  private static Model open(Path path) {
    return Model.open(path, new LoadOptions(WeightType.AUTO, 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokens", "preview"})
  void theFolderTellsItsSharesAndLeavesNoProjection(String layout) throws IOException {
    Path path = write(layout);
    try (Model llama = open(path);
        Checkpoint checkpoint = Checkpoints.open(path)) {
      double share = layout.equals("tokens") ? (2 * 0.5 + 0.25) / 3 : 0.25;
      assertEquals(share, llama.shares().activeFfn(), 1e-12);
      assertTrue(llama.shares().allIn() >= llama.shares().activeFfn());
      assertTrue(
          checkpoint.tensors().keySet().stream()
              .noneMatch(name -> name.contains("_proj.weight") && name.contains("mlp")));
      assertEquals(0.4, llama.config().tokenMasks().orElseThrow().target());
      assertEquals(List.of(0.5, 0.5), llama.config().tokenMasks().orElseThrow().keptInputs());
    }
  }

  @Test
  void aModelOfAnotherFamilyStaysOne() throws IOException {
    RandomModel model = TokenMasksTest.small("tokens").model();
    Path dense = model.write(folder.resolve("mistral"), "dense");
    Path config = dense.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("\"llama\"", "\"mistral\"")
            .replace("\"rms_norm_eps\"", "\"sliding_window\": null, \"rms_norm_eps\""));
    Path masked = model.writeTokenMasks(dense, folder.resolve("masked"), Choice.INPUTS);
    try (Model llama = open(masked)) {
      assertEquals("mistral", llama.config().family().modelType());
      assertEquals(53, llama.forward(llama.newState(1), new int[] {3}, 0, 1).length);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "by_input | null | has no tensor 'model.layers.1.mlp.by_input'",
        "by_neuron | 1,2 | has shape [1, 2]; by its config it should be [75, 37]",
        "thresholds | 3 | has shape [3]; by its config it should be [2]",
        "thresholds | NaN | holds NaN: thresholds are numbers from 0, or -1 for none",
        "thresholds | -0.5 | holds -0.5: thresholds are numbers from 0, or -1 for none",
        "thresholds | Infinity | holds Infinity: thresholds are numbers from 0",
        "experts.runs | 2 | belongs to no layer of a llama model of 2 layers",
        "preview | null | has no tensor 'model.layers.1.mlp.preview'",
        "preview | 64,192 | has shape [64, 192]; by its config it should be [128, 96]",
        "preview | 128,96 | holds F32, not U8",
        "preview_centres | NaN | has shape [2]; by its config it should be [64]",
        "preview_base | 192 | has shape [192]; by its config it should be [384]",
        "preview_scales | 64 | has shape [64]; by its config it should be [64, 2]",
        "preview_directions | null | has no tensor 'model.layers.1.mlp.preview_directions'",
        "preview_directions | 192,16 | holds F32, not U8",
        "neurons | null | has no tensor 'model.layers.1.mlp.neurons'"
      })
  void aTensorThatDoesNotFitIsNamed(String name, String value, String message) throws IOException {
    String layout = name.contains("preview") || name.equals("neurons") ? "preview" : "tokens";
    namedInAnother(layout, name, value, message);
  }

  private void namedInAnother(String layout, String name, String value, String message)
      throws IOException {
    Path changed =
        changed(
            write(layout),
            tensors -> {
              tensors.remove(MLP + name);
              if (value.matches("[0-9,]+")) {
                long[] shape = Arrays.stream(value.split(",")).mapToLong(Long::parseLong).toArray();
                int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
                tensors.put(MLP + name, TensorSource.of(new float[count], shape));
              } else if (!value.equals("null")) {
                float[] values = {0, Float.parseFloat(value)};
                tensors.put(MLP + name, TensorSource.of(values, 2));
              }
            });
    refused(changed, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"choice\" : \"inputs\" | \"choice\" : \"dreams\" | 'choice' is \"dreams\", expected is \"inputs\" or \"preview\"",
        "\"format_version\" : 1 | \"format_version\" : 5 | a newer mom wrote this model",
        "\"kept_inputs\" : [ 0.5, 0.5 ] | \"kept_inputs\" : [ 0.5 ] | expected is 2 shares from 0 to 1",
        "\"kept_neurons\" : [ 0.25, 0.25 ] | \"kept_neurons\" : [ 0.25, 1.5 ] | expected is 2 shares from 0 to 1",
        "\"target\" : 0.4 | \"target\" : \"half\" | 'target' is \"half\", expected is a share from 0 to 1",
        "\"format_version\" : 4 | \"format_version\" : 3 | an earlier mom wrote this model: write it again by mom compile RUN or mom sparsify",
        "\"preview_bits\" : 4 | \"preview_bits\" : 3 | 'preview_bits' is 3, expected is 4",
        "\"token_masks\" : { | \"other_masks\" : { | has model_type token_masks but no member token_masks"
      })
  void aDescriptionThatDoesNotFitIsRefused(String from, String to, String message)
      throws IOException {
    Path path = write(from.matches(".*preview.*|.*: 4") ? "preview" : "tokens");
    Path config = path.resolve("config.json");
    String text = Files.readString(config);
    assertTrue(text.contains(from), text);
    Files.writeString(config, text.replace(from, to));
    refused(path, message);
  }

  private static void refused(Path path, String message) {
    String line = assertThrows(BadCheckpoint.class, () -> open(path).close()).getMessage();
    assertTrue(line.contains(message), line);
    assertEquals(-1, line.indexOf('\n'), line);
  }

  /** A copy of a folder with other tensors. */
  private Path changed(Path path, Consumer<SequencedMap<String, TensorSource>> change)
      throws IOException {
    Path changed = Files.createDirectories(folder.resolve("changed"));
    Files.copy(path.resolve("config.json"), changed.resolve("config.json"));
    try (Checkpoint checkpoint = Checkpoints.open(path)) {
      SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
      checkpoint.tensors().forEach((key, tensor) -> tensors.put(key, TensorSource.of(tensor)));
      change.accept(tensors);
      SafetensorsWriter.write(changed.resolve("model.safetensors"), Map.of(), tensors);
    }
    return changed;
  }

  @Test
  void aPreviewAndTheWeightsItIsOfLieSideBySide() throws IOException {
    RandomModel model = TokenMasksTest.small("preview").model();
    Path path = model.write(folder.resolve("preview"), "preview");
    float[] gate = model.weights.get(MLP + "gate_proj.weight");
    float[] down = model.weights.get(MLP + "down_proj.weight");
    Preview preview =
        Preview.of(
            gate,
            model.weights.get(MLP + "up_proj.weight"),
            Preview.norms(down, model.m),
            model.centres());
    try (Checkpoint checkpoint = Checkpoints.open(path)) {
      assertEquals(List.of(192L, 3L, 64L), checkpoint.tensors().get(MLP + "neurons").shape());
      float[] records = Elements.toFloats(checkpoint.tensors().get(MLP + "neurons"));
      assertEquals(gate[5 * 64 + 2], records[3 * 5 * 64 + 2]);
      assertEquals(down[2 * 192 + 5], records[(3 * 5 + 2) * 64 + 2]);
      assertEquals(DType.U8, checkpoint.tensors().get(MLP + "preview").dtype());
      int[] stored = Elements.toInts(checkpoint.tensors().get(MLP + "preview"));
      for (int k = 0; k < stored.length; k++) {
        assertEquals(preview.planes()[k] & 255, stored[k]);
      }
      assertArrayEquals(
          preview.scales(), Elements.toFloats(checkpoint.tensors().get(MLP + "preview_scales")));
      assertArrayEquals(
          preview.base(), Elements.toFloats(checkpoint.tensors().get(MLP + "preview_base")));
      assertArrayEquals(
          model.centres(), Elements.toFloats(checkpoint.tensors().get(MLP + "preview_centres")));
      int[] directions = Elements.toInts(checkpoint.tensors().get(MLP + "preview_directions"));
      assertEquals(192 * 64 / 4, directions.length);
      double norm = Preview.norms(down, 192)[7];
      for (int i = 0; i < 64; i++) { // 2 bits from -1.5 to 1.5 steps of 0.9957 / 8
        int q = directions[7 * 16 + i % 16] >> 2 * (i / 16) & 3;
        double level = down[i * 192 + 7] / norm / (0.9957 / 8);
        assertEquals(Math.clamp(Math.floor(level), -2, 1) + 2, q);
      }
      assertArrayEquals(
          new float[] {0.3f, 3, 0.8f},
          Elements.toFloats(checkpoint.tensors().get(MLP + "thresholds")));
    }
    String config = Files.readString(path.resolve("config.json"));
    assertTrue(config.contains("\"format_version\" : 4"), config); // older readers refuse it
    try (Model llama = open(path)) {
      ModelConfig.TokenMasks masks = llama.config().tokenMasks().orElseThrow();
      assertEquals(Choice.PREVIEW, masks.choice());
      assertEquals("f32", llama.weightType());
    }
  }

  /**
   * Records of 3 · 64 floats take 12 lines, rows of a plane of 96 bytes 2, directions of 16 bytes
   * 1, but no more than all have; 3 · 64 + 2 · 192 floats of scales, centres and what these give
   * are read by all, and three thresholds.
   */
  @Test
  void whatAPreviewReadsCountsAmongTheBytesAndNotAmongTheWeights() throws IOException {
    Path path = write("preview");
    try (Model llama = open(path);
        Model dense = open(folder.resolve("preview-dense"))) {
      double layer = 192 * 3 * 64 * 4;
      double always = (3 * 64 + 2 * 192 + 1) * 4;
      double choice = 64 * 0.5 * 2 * 2 * 64 + 192 * 16 + always;
      assertEquals((192 * 0.25 * 12 * 64 + choice + 8) / layer, llama.shares().allIn(), 1e-12);
      assertEquals(
          Math.round(dense.bytesPerToken() - 2 * (0.75 * layer - choice)), llama.bytesPerToken());
      ModelState state = llama.newState(3);
      llama.forward(state, new int[] {1, 2, 3}, 0, 3);
      ExpertLoad load = state.expertLoad();
      double lines = 0;
      for (int l = 0; l < 2; l++) {
        lines +=
            load.meanNeurons(l) * 12 * 64 + load.meanInputs(l) * 2 * 2 * 64 + 192 * 16 + always + 8;
      }
      assertEquals(lines / 2 / layer, llama.shares(load).allIn(), 1e-9);
    }
  }

  @Test
  void aPreviewOfOtherWeightsIsRefused() throws IOException {
    RandomModel other =
        new RandomModel(
            new Random(99), 64, 192, 6, 1, false, RandomModel.masks(new Random(1), 192, 1));
    other.thresholds = new float[][] {{0, 0}, {0, 0}};
    Path wrong = other.write(folder.resolve("other"), "preview");
    try (Checkpoint checkpoint = Checkpoints.open(wrong)) {
      Path changed =
          changed(
              write("preview"),
              tensors ->
                  tensors.put(
                      MLP + "preview", TensorSource.of(checkpoint.tensors().get(MLP + "preview"))));
      refused(
          changed,
          "tensor 'model.layers.1.mlp.preview' is no preview of the weights beside it: write the folder anew from the dense model");
    }
  }

  @Test
  void directionsOfOtherWeightsAreRefused() throws IOException {
    byte[] others = new byte[192 * 16];
    new Random(5).nextBytes(others);
    Path changed =
        changed(
            write("preview"),
            tensors ->
                tensors.put(MLP + "preview_directions", TensorSource.ofBytes(others, 192, 16)));
    refused(changed, "is no preview of the weights beside it");
  }

  @ParameterizedTest
  @ValueSource(floats = {-1, Float.NaN, Float.POSITIVE_INFINITY})
  void scalesThatAreNoneAreRefused(float scale) throws IOException {
    float[] scales = new float[64 * 2];
    scales[5] = scale;
    Path changed =
        changed(
            write("preview"),
            tensors -> tensors.put(MLP + "preview_scales", TensorSource.of(scales, 64, 2)));
    refused(changed, "'model.layers.1.mlp.preview_scales' holds " + scale);
  }

  @Test
  void aLayerOfZerosHasAPreviewToo() throws IOException {
    RandomModel model = TokenMasksTest.small("preview").model();
    Arrays.fill(model.weights.get(MLP + "gate_proj.weight"), 0);
    try (Model llama = open(model.write(folder.resolve("zeros"), "preview"))) {
      ModelState state = llama.newState(1);
      llama.forward(state, new int[] {3}, 0, 1);
      assertEquals(0, state.expertLoad().activeFfnShare(1));
    }
  }

  @Test
  void neuronsThatAreNoWholeBlocksHaveNoPreview() throws IOException {
    RandomModel model = TokenMasksTest.small("tokens").model();
    String written =
        assertThrows(UserError.class, () -> model.write(folder.resolve("odd"), "preview"))
            .getMessage();
    assertTrue(
        written.endsWith(
            "has an intermediate_size of 75 and a hidden_size of 37: a preview wants multiples of 64; choose by inputs"),
        written);
    Path path = write("preview");
    Path config = path.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(
        config, text.replace("\"intermediate_size\" : 192", "\"intermediate_size\" : 75"));
    refused(path, "has intermediate_size 75 and hidden_size 64: a preview wants multiples of 64");
  }

  @Test
  void weightsThatAreNoNumbersHaveNoPreview() throws IOException {
    RandomModel model = TokenMasksTest.small("preview").model();
    model.weights.get(MLP + "up_proj.weight")[7] = Float.NaN;
    String line =
        assertThrows(BadCheckpoint.class, () -> model.write(folder.resolve("nan"), "preview"))
            .getMessage();
    assertTrue(line.contains("hold weights that are no finite numbers"), line);
  }
}
