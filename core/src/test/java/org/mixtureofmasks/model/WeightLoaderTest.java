package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.SegmentAllocator;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ModelTensors;
import org.mixtureofmasks.format.SparseFolder;
import org.mixtureofmasks.format.StoredExperts;
import org.mixtureofmasks.io.BadCheckpoint;

/** Tensors that do not fit their config, and types of weights. */
class WeightLoaderTest {
  @TempDir Path folder;

  private Path model(boolean bf16, String layout) throws IOException {
    Random random = new Random(3);
    return new RandomModel(random, 32, 64, 8, 1, bf16, RandomModel.masks(random, 64, 0.5, 0.5))
        .write(folder.resolve(layout), layout);
  }

  /** Writes the model again with one tensor replaced or, when null, left out. */
  private static void replace(Path model, String name, TensorSource replacement) {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      checkpoint.tensors().forEach((n, t) -> tensors.put(n, TensorSource.of(t)));
      tensors.remove(name);
      if (replacement != null) {
        tensors.put(name, replacement);
      }
      SafetensorsWriter.write(model.resolve("model.safetensors"), Map.of(), tensors);
    }
  }

  private static String refusal(Path model) {
    BadCheckpoint e =
        assertThrows(BadCheckpoint.class, () -> Model.open(model, LoadOptions.defaults()).close());
    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    return e.reason();
  }

  @Test
  void aMissingTensorIsNamed() throws IOException {
    Path model = model(true, "dense");
    replace(model, "model.norm.weight", null);
    assertTrue(refusal(model).startsWith("has no tensor 'model.norm.weight'"), refusal(model));
  }

  @Test
  void aTensorOfAnotherShapeIsNamedWithBothShapes() throws IOException {
    Path model = model(true, "dense");
    replace(model, "model.layers.1.mlp.up_proj.weight", TensorSource.of(new float[6], 2, 3));
    assertEquals(
        "tensor 'model.layers.1.mlp.up_proj.weight' has shape [2, 3]; by its config it should be"
            + " [64, 32]",
        refusal(model));
  }

  @ParameterizedTest
  @CsvSource({
    "0 65, is not ascending",
    "-1 3, is not ascending",
    "0 2 1 2, is not ascending",
    "2147483647 2147483647, is not ascending"
  })
  void runsThatLeaveTheLayerOrOverlapAreRefused(String runs, String reason) throws IOException {
    Path model = model(true, "runs");
    int[] pairs = Arrays.stream(runs.split(" ")).mapToInt(Integer::parseInt).toArray();
    String p = "model.layers.0.mlp.experts.";
    replace(model, p + "runs", TensorSource.ofInts(pairs, pairs.length / 2, 2));
    replace(
        model,
        p + "offsets",
        TensorSource.ofInts(new int[] {0, pairs.length / 2, pairs.length / 2}, 3));
    assertTrue(refusal(model).contains(reason), refusal(model));
  }

  @Test
  void offsetsThatDoNotCoverTheRunsAreRefused() throws IOException {
    Path model = model(true, "runs");
    String name = "model.layers.0.mlp.experts.offsets";
    replace(model, name, TensorSource.ofInts(new int[] {0, 1, 9999}, 3));
    assertTrue(refusal(model).contains("the offsets do not cover"), refusal(model));
  }

  @Test
  void anUnknownLayoutIsRefusedWithTheKnownOnes() throws IOException {
    Path model = model(true, "runs");
    Path config = model.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("\"runs\"", "\"blocks\""));
    assertEquals("layout \"blocks\" is unknown; runs, copied and masked are read", refusal(model));
  }

  @Test
  void aMaskThatIsNeitherNorIsRefused() throws IOException {
    Path model = model(true, "masked");
    byte[] bytes = new byte[2 * 64];
    bytes[77] = 2;
    SequencedMap<String, TensorSource> masks = new LinkedHashMap<>();
    masks.put("layers.0.masks", TensorSource.ofBytes(bytes, 2, 64));
    SafetensorsWriter.write(model.resolve("masks.safetensors"), Map.of(), masks);
    assertEquals("a mask holds 2, not 0 or 1", refusal(model));
  }

  @Test
  void f32KeepsBf16WeightsExactlyAndBf16HalvesF32Ones() throws IOException {
    int[] tokens = {1, 2, 3, 4, 5};
    Path model = model(true, "runs");
    float[] auto = lastLogits(model, WeightType.AUTO, tokens);
    float[] f32 = lastLogits(model, WeightType.F32, tokens);
    assertArrayEquals(auto, f32, 1e-4f);
    Path wide = model(false, "copied");
    try (Model mapped = Model.open(wide, new LoadOptions(WeightType.AUTO, 1));
        Model rounded = Model.open(wide, new LoadOptions(WeightType.BF16, 1))) {
      assertTrue(mapped.description().contains("weights: f32"), mapped.description());
      assertTrue(rounded.description().contains("weights: bf16"), rounded.description());
      // Norms and routers stay f32.
      long kept = 4L * (5 * 32 + 2 * 2 * 32);
      assertEquals((mapped.weightBytes() - kept) / 2 + kept, rounded.weightBytes());
    }
  }

  private float[] lastLogits(Path model, WeightType type, int[] tokens) {
    try (Model llama = Model.open(model, new LoadOptions(type, 1))) {
      return llama.forward(llama.newState(8), tokens, 0, tokens.length);
    }
  }

  @Test
  void everythingIsCheckedBeforeTheFirstWeightIsConverted() throws IOException {
    for (String layout : List.of("dense", "runs", "copied", "masked")) {
      Path model = model(false, layout);
      String last =
          switch (layout) {
            case "dense", "masked" -> "model.layers.1.mlp.down_proj.weight";
            default -> "model.layers.1.mlp.experts.offsets";
          };
      replace(model, last, TensorSource.of(new float[6], 2, 3));
      try (Checkpoint checkpoint = Checkpoints.open(model)) {
        ModelConfig config = ConfigReader.read(checkpoint);
        SegmentAllocator none =
            (bytes, _) -> {
              throw new AssertionError("%d bytes were allocated".formatted(bytes));
            };
        BadCheckpoint e =
            assertThrows(
                BadCheckpoint.class,
                () ->
                    WeightLoader.load(
                        checkpoint,
                        config,
                        WeightFormats.of(WeightType.BF16),
                        new WeightMemory(none, false, null, "")));
        assertTrue(e.reason().startsWith("tensor '%s' has shape [2, 3]".formatted(last)));
      }
    }
  }

  @Test
  void aFolderOfANewerVersionIsRefusedInOneLineBeforeAnythingLargeIsAllocated() throws IOException {
    Path model = model(true, "masked");
    Path config = model.resolve("config.json");
    String text = Files.readString(config).replace("_version\": 1", "_version\": 9");
    Files.writeString(config, text.replace("\"masked\"", "\"of the future\""));
    String expected = "'format_version' is 9, expected is 1 to 3; a newer mom wrote this model";
    assertEquals(expected, refusal(model)); // loads the classes
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertEquals(expected, refusal(model));
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < 512 << 10, allocated + " bytes were allocated");
  }

  @Test
  void aMistralFolderComputesWhatItsLlamaTwinDoes() throws IOException {
    int[] tokens = {1, 2, 3, 4, 5};
    Path model = model(true, "dense");
    float[] llama = lastLogits(model, WeightType.AUTO, tokens);
    Path config = model.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replace("\"llama\"", "\"mistral\", \"sliding_window\": null"));
    assertArrayEquals(llama, lastLogits(model, WeightType.AUTO, tokens));
  }

  @Test
  void theMaskFileIsOpenedOnceForAllLayers() throws IOException {
    Path model = model(true, "masked");
    ExpertMasks all = SparseFolder.masks(model);
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      ModelConfig config = ConfigReader.read(checkpoint);
      ModelTensors tensors = ModelTensors.of(checkpoint, config);
      try (SparseFolder folder = new SparseFolder(checkpoint, config, tensors)) {
        for (int l = 0; l < config.layers(); l++) {
          StoredExperts.Masked masked = (StoredExperts.Masked) folder.layer(l);
          assertEquals(all.layer(Dimension.NEURONS, l), masked.neurons());
          Files.deleteIfExists(model.resolve("masks.safetensors"));
        }
      }
    }
  }
}
