package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.format.ModelFolderWriter;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.quantise.Quantiser;
import org.mixtureofmasks.quantise.RouterAgreement;

/** Folders of rounded weights beside the models that they were made of. */
class QuantisedFolderTest {
  private static final int D = 64;
  private static final int M = 192;

  @TempDir Path folder;

  private final Random random = new Random(7);
  private final int[] tokens = random.ints(40, 0, RandomModel.VOCABULARY).toArray();

  private RandomModel random(int k) {
    boolean[][][] masks = RandomModel.masks(random, M, 0.6, 0.4, 0.5, 0.5);
    RandomModel model = new RandomModel(random, D, M, 16, k, true, masks);
    model.thresholds = new float[][] {{0.6f, 0.4f}, {0.5f, 0.3f}}; // of the layout tokens
    return model;
  }

  private static Quantiser.Request request(DType dtype, Quantiser.Method method, int... text) {
    Optional<int[]> calibration = text.length == 0 ? Optional.empty() : Optional.of(text);
    return new Quantiser.Request(dtype, method, calibration, text.length, 1);
  }

  private Path quantise(Path model, Quantiser.Request request, String name) {
    Path out = folder.resolve(name);
    try (Checkpoint checkpoint = Checkpoints.open(model);
        ModelFolderWriter writer = ModelFolderWriter.create(out)) {
      new Quantiser(checkpoint, request, Progress.SILENT).write(writer);
      writer.commit();
    }
    return out;
  }

  private static Model open(Path model, WeightType weights) {
    return Model.open(model, new LoadOptions(weights, 1));
  }

  private static float[] logits(Model model, int[] tokens) {
    return model.forward(model.newState(tokens.length), tokens, 0, tokens.length).clone();
  }

  @ParameterizedTest
  @CsvSource({
    "dense, INT8, INT8, int8",
    "dense, INT4, Q4, 'q4, int8'",
    "runs, INT8, INT8, int8",
    "runs, INT4, Q4, 'q4, int8'",
    "copied, INT4, Q4, 'q4, int8'",
    "masked, INT8, INT8, int8",
    "tokens, INT8, INT8, int8",
    "preview, INT8, INT8, int8"
  })
  void aFolderHoldsTheVeryNumbersThatRoundingOnLoadingGives(
      String layout, DType dtype, WeightType weights, String name) throws IOException {
    Path model = random(2).write(folder.resolve("model"), layout);
    Path made = quantise(model, request(dtype, Quantiser.Method.NEAREST), "made");
    try (Model loaded = open(model, weights);
        Model stored = open(made, WeightType.AUTO)) {
      assertEquals(name, stored.weightType());
      assertEquals(loaded.weightBytes(), stored.weightBytes());
      assertEquals(loaded.bytesPerToken(), stored.bytesPerToken());
      assertArrayEquals(logits(loaded, tokens), logits(stored, tokens));
    }
    boolean experts = !List.of("dense", "tokens", "preview").contains(layout);
    assertEquals(experts, Files.exists(made.resolve("masks.safetensors")));
  }

  @ParameterizedTest
  @CsvSource({
    "tokens, whose weights lie by input and are not run in q4",
    "preview, whose preview in 4 bits would be two fifths of weights in q4"
  })
  void tokenMasksAreRefusedInFourBits(String layout, String why) throws IOException {
    Path model = random(1).write(folder.resolve("model"), layout);
    String expected = "has token masks, " + why + ": --weights int8";
    Quantiser.Request request = request(DType.INT4, Quantiser.Method.NEAREST);
    String stored =
        assertThrows(UserError.class, () -> quantise(model, request, "made")).getMessage();
    assertTrue(stored.endsWith(expected), stored);
    String loaded = assertThrows(UserError.class, () -> open(model, WeightType.Q4)).getMessage();
    assertTrue(loaded.endsWith(expected), loaded);
  }

  @ParameterizedTest
  @CsvSource({"INT8, 0.15", "INT4, 1"})
  void aRoundedModelIsNearTheOneItWasMadeOf(DType dtype, double bound) throws IOException {
    Path model = random(1).write(folder.resolve("model"), "dense");
    Path made = quantise(model, request(dtype, Quantiser.Method.NEAREST), "made");
    try (Model before = open(model, WeightType.AUTO);
        Model after = open(made, WeightType.AUTO)) {
      float[] expected = logits(before, tokens);
      float[] got = logits(after, tokens);
      double error = 0;
      double size = 0;
      for (int i = 0; i < expected.length; i++) {
        error += Math.pow(got[i] - expected[i], 2);
        size += expected[i] * expected[i];
      }
      assertTrue(error < bound * bound * size, Math.sqrt(error / size) + "");
      assertTrue(error > 0);
    }
  }

  @Test
  void outputsOfLargeWeightsCostASparseModelNoMoreThanADenseOne() throws IOException {
    RandomModel random = random(1);
    // No one reads the large output, so that what is seen are the errors of the others.
    random.weights.forEach(
        (name, values) -> {
          if (name.endsWith("norm.weight")) {
            values[5] = 0;
          }
        });
    for (int l = 0; l < RandomModel.LAYERS; l++) {
      float[] down = random.weights.get("model.layers.%d.mlp.down_proj.weight".formatted(l));
      for (int j = 0; j < M; j++) {
        down[5 * M + j] *= 1024;
      }
    }
    // The masked twin rounds the projection's own rows, of one output each.
    double masked = errorOfInt8(random.write(folder.resolve("masked"), "masked"));
    double runs = errorOfInt8(random.write(folder.resolve("runs"), "runs"));
    assertTrue(runs < 2 * masked, runs + " and " + masked);
  }

  private double errorOfInt8(Path model) {
    try (Model before = open(model, WeightType.AUTO);
        Model after = open(model, WeightType.INT8)) {
      float[] expected = logits(before, tokens);
      float[] got = logits(after, tokens);
      double error = 0;
      for (int i = 0; i < expected.length; i++) {
        error += Math.pow(got[i] - expected[i], 2);
      }
      return Math.sqrt(error);
    }
  }

  @Test
  void asFloatsTheFolderIsTheSameModel() throws IOException {
    Path model = random(1).write(folder.resolve("model"), "runs");
    Path made = quantise(model, request(DType.INT4, Quantiser.Method.NEAREST), "made");
    try (Model stored = open(made, WeightType.AUTO);
        Model wide = open(made, WeightType.F32)) {
      assertEquals("f32", wide.weightType());
      assertArrayEquals(logits(wide, tokens), logits(stored, tokens), 2e-3f);
    }
  }

  @ParameterizedTest
  @CsvSource({"dense", "runs", "copied"})
  void gptqRoundsEveryLayoutAndComparesRouters(String layout) throws IOException {
    Path model = random(2).write(folder.resolve("model"), layout);
    int[] text = new Random(8).ints(512 * 3, 0, RandomModel.VOCABULARY).toArray();
    Quantiser.Request request = request(DType.INT4, Quantiser.Method.GPTQ, text);
    Path made = folder.resolve("made");
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      Quantiser quantiser = new Quantiser(checkpoint, request, Progress.SILENT);
      try (ModelFolderWriter writer = ModelFolderWriter.create(made)) {
        Quantiser.Result result = quantiser.write(writer);
        writer.commit();
        assertTrue(result.calibrationTokens() > 0);
        assertEquals(layout.equals("dense"), result.fewestOfAnExpert() == 0);
      }
      Optional<RouterAgreement> agreement = quantiser.agreement(made);
      assertEquals(layout.equals("dense"), agreement.isEmpty());
      agreement.ifPresent(
          a -> {
            assertEquals(RandomModel.LAYERS, a.layers().size());
            assertTrue(a.least() > 0.5 && a.mean() < 1, "" + a);
          });
    }
    Path nearest = quantise(model, request(DType.INT4, Quantiser.Method.NEAREST), "nearest");
    try (Model before = open(model, WeightType.AUTO);
        Model gptq = open(made, WeightType.AUTO);
        Model rounded = open(nearest, WeightType.AUTO)) {
      assertEquals(rounded.weightBytes(), gptq.weightBytes());
      assertFalse(Arrays.equals(logits(rounded, tokens), logits(gptq, tokens)));
      assertEquals(before.config().layers(), gptq.config().layers());
    }
  }

  @Test
  void theRouterIsStoredInOneByteAWeightAndCounted() throws IOException {
    Path model = random(1).write(folder.resolve("model"), "runs");
    Path made = quantise(model, request(DType.INT8, Quantiser.Method.NEAREST), "made");
    try (Checkpoint checkpoint = Checkpoints.open(made);
        Model before = open(model, WeightType.AUTO);
        Model after = open(made, WeightType.AUTO)) {
      assertEquals(
          DType.INT8, checkpoint.tensors().get("model.layers.0.mlp.router.weight").dtype());
      double shareBefore = before.shares().allIn() - before.shares().activeFfn();
      double shareAfter = after.shares().allIn() - after.shares().activeFfn();
      assertTrue(shareAfter < shareBefore * 0.75, shareAfter + " of " + shareBefore);
    }
  }

  @Test
  void whatCannotBeRoundedIsRefusedInOneLineAndLeavesNothing() throws IOException {
    Path model = random(1).write(folder.resolve("model"), "dense");
    Path made = quantise(model, request(DType.INT8, Quantiser.Method.NEAREST), "made");
    refused(made, request(DType.INT8, Quantiser.Method.NEAREST), "is quantised already");
    refused(model, request(DType.INT4, Quantiser.Method.GPTQ), "--calibration FILE");
    refused(model, request(DType.INT8, Quantiser.Method.GPTQ, tokens), "is for q4");
    refused(model, request(DType.INT4, Quantiser.Method.GPTQ, tokens), "at least two windows");
    RandomModel broken = random(1);
    broken.weights.get("model.layers.1.mlp.up_proj.weight")[70] = Float.NaN;
    refused(
        broken.write(folder.resolve("broken"), "dense"),
        request(DType.INT8, Quantiser.Method.NEAREST),
        "tensor 'model.layers.1.mlp.up_proj.weight' holds NaN");
    RandomModel odd = new RandomModel(random, 48, M, 12, 1, true, RandomModel.masks(random, M, 1));
    refused(
        odd.write(folder.resolve("odd"), "dense"),
        request(DType.INT4, Quantiser.Method.NEAREST),
        "not 48; int8 holds rows of any length");
  }

  private void refused(Path model, Quantiser.Request request, String reason) {
    UserError e = assertThrows(UserError.class, () -> quantise(model, request, "refused"));
    assertTrue(e.getMessage().contains(reason), e.getMessage());
    assertFalse(Files.exists(folder.resolve("refused")));
  }
}
