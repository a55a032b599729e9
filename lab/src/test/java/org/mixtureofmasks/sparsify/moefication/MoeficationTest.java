package org.mixtureofmasks.sparsify.moefication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.recipe.TestRecipe;
import org.mixtureofmasks.sparsify.FixedExperts;
import org.mixtureofmasks.sparsify.LayerByLayer;
import org.mixtureofmasks.sparsify.Shipped;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;

class MoeficationTest {
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

  private static Moefication method(int experts, int topK, Split split, boolean straightThrough) {
    return new Moefication(options(experts, topK, split, straightThrough), 1e-3, 17);
  }

  private static MoeficationOptions options(
      int experts, int topK, Split split, boolean straightThrough) {
    return MoeficationOptions.of(
        TestRecipe.of(
            MoeficationOptions.section(),
            "experts: %s, top_k: %s, split: %s, straight_through: %s"
                .formatted(experts, topK, split.name().toLowerCase(Locale.ROOT), straightThrough)));
  }

  private static Moefication prepared(DecoderModule model, int experts, int topK, Split split) {
    Moefication method = method(experts, topK, split, true);
    LayerByLayer.prepare(method, model, rows(16, 1));
    return method;
  }

  private static float[] logits(DecoderModule model, FeedForward ffn) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      return Tensors.toFloats(model.forward(Tensors.of(rows(3, 2)), ffn));
    }
  }

  @ParameterizedTest
  @EnumSource(Split.class)
  void everyNeuronBelongsToOneOfTheEqualExperts(Split split) {
    DecoderModule model = TestModels.tiny(3, Precision.FP32);
    for (boolean[][] layer : Shipped.neurons(prepared(model, 6, 3, split))) {
      for (int e = 0; e < 6; e++) {
        int size = 0;
        for (int j = 0; j < 24; j++) {
          size += layer[e][j] ? 1 : 0;
        }
        assertEquals(4, size, split + " expert " + e);
      }
      for (int j = 0; j < 24; j++) {
        int owners = 0;
        for (int e = 0; e < 6; e++) {
          owners += layer[e][j] ? 1 : 0;
        }
        assertEquals(1, owners, split + " neuron " + j);
      }
    }
  }

  @Test
  void neighboursStayTogetherWhenTheSplitIsContiguous() {
    DecoderModule model = TestModels.tiny(3, Precision.FP32);
    boolean[] second = Shipped.neurons(prepared(model, 4, 2, Split.CONTIGUOUS))[1][1];
    for (int j = 0; j < 24; j++) {
      assertEquals(j >= 6 && j < 12, second[j], "neuron " + j);
    }
  }

  @Test
  void allExpertsTogetherAreTheDenseModelUnscaled() {
    DecoderModule model = TestModels.tiny(4, Precision.FP32);
    float[] dense = logits(model, (l, x, weights) -> weights.dense(x));
    Moefication method = prepared(model, 4, 4, Split.K_MEANS);
    assertArrayEquals(dense, logits(model, method.feedForward()), 1e-5f);
  }

  @Test
  void theChosenHaveWeightOneAndEveryExpertTheGradientOfItsSigmoid() {
    try (PointerScope _ = new PointerScope()) {
      TestModels.tiny(1, Precision.FP32); // starts the natives
      Tensor x = Tensors.of(new float[] {1, 2}, 1, 2);
      Tensor router = Tensors.of(new float[] {0.5f, 0, 0, -0.25f, 1, 0.5f}, 3, 2);
      router.set_requires_grad(true); // r = (0.5, -0.5, 2)
      FixedExperts.Choice choice = method(3, 2, Split.RANDOM, true).route(0, x, router);
      assertArrayEquals(new float[] {1, 0, 1}, Tensors.toFloats(choice.weights()));
      choice.weights().mul(Tensors.of(new float[] {3, -1, 2}, 1, 3)).sum().backward();
      float half = (float) (1 / (1 + Math.exp(-0.5)) / (1 + Math.exp(0.5)));
      float two = (float) (1 / (1 + Math.exp(-2)) / (1 + Math.exp(2)));
      assertArrayEquals(
          new float[] {3 * half, 6 * half, -half, -2 * half, 2 * two, 4 * two},
          Tensors.toFloats(router.grad()),
          1e-6f);
    }
  }

  @Test
  void withoutStraightThroughTheRouterStaysThePredictor() {
    DecoderModule model = TestModels.tiny(5, Precision.FP32);
    Moefication method = method(4, 2, Split.K_MEANS, false);
    LayerByLayer.prepare(method, model, rows(16, 1));
    assertTrue(method.parameterGroups().isEmpty());
    assertTrue(method.state().containsKey("experts.layers.1.router"));
  }

  @Test
  void aTokenUsesTopKOfExpertsOfTheNeurons() {
    DecoderModule model = TestModels.tiny(6, Precision.FP32);
    Moefication method = prepared(model, 8, 3, Split.RANDOM);
    method.beginStep(0, 1);
    method.beginMicroBatch();
    try (PointerScope _ = new PointerScope()) {
      model.forward(Tensors.of(rows(4, 3)), method.feedForward());
    }
    assertEquals(3 / 8.0, (double) method.metrics().get("active_ffn_share"), 1e-6);
  }

  @Test
  void aSavedStateComputesTheSameAndTheSeedDecidesTheLot() {
    DecoderModule model = TestModels.tiny(7, Precision.FP32);
    Moefication method = prepared(model, 4, 2, Split.RANDOM);
    Map<String, Tensor> saved = new LinkedHashMap<>(method.state());
    method.parameterGroups().forEach(g -> saved.putAll(g.tensors()));
    Moefication other = method(4, 2, Split.RANDOM, true);
    other.restore(model.config(), saved);
    assertArrayEquals(logits(model, method.feedForward()), logits(model, other.feedForward()));
    assertArrayEquals(Shipped.neurons(method)[0][0], Shipped.neurons(other)[0][0]);

    Moefication again = prepared(model, 4, 2, Split.RANDOM);
    assertArrayEquals(Shipped.neurons(method)[1][2], Shipped.neurons(again)[1][2]);
    MoeficationOptions options = options(4, 2, Split.RANDOM, true);
    Moefication otherSeed = new Moefication(options, 1e-3, 18);
    LayerByLayer.prepare(otherSeed, model, rows(16, 1));
    assertFalse(
        java.util.Arrays.equals(Shipped.neurons(method)[1][2], Shipped.neurons(otherSeed)[1][2]));
  }

  private String refusal(String section) throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Path out = tiny.path("run");
    UserError error =
        assertThrows(
            UserError.class,
            () -> Trainer.begin(tiny.recipe("moefication", section), out, TrainingListener.SILENT));
    assertEquals(UserError.USAGE, error.exitCode());
    assertFalse(Files.exists(out), "nothing is written");
    return error.getMessage();
  }

  @Test
  void expertsThatDoNotDivideTheNeuronsAreRefusedBeforeAnythingRuns() throws IOException {
    assertEquals(
        "moefication.experts is 7, which does not divide the model's 24 neurons: choose another"
            + " number, such as 6",
        refusal("moefication: {experts: 7}\n"));
  }

  @Test
  void moreChosenThanThereAreIsRefused() throws IOException {
    assertEquals(
        "moefication.top_k is 9: give 1 to moefication.experts (8)",
        refusal("moefication: {top_k: 9}\n"));
  }
}
