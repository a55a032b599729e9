package org.mixtureofmasks.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mixtureofmasks.format.Families;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ModelConfig.Scaling;
import org.mixtureofmasks.format.Rotary;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.WeightType;

/** Positions turn queries and keys in the trainer as they do in the engine. */
class RotaryTableTest {
  private static final int POSITIONS = 2000;
  private static final int HEAD_DIM = 16;
  private static final int VOCABULARY = 50;

  /** Leaves the first three waves, blends the fourth, stretches the others. */
  private static final Scaling LLAMA3 = new Scaling.Llama3(8, 1, 4, 256);

  @TempDir Path folder;

  static List<Scaling> scalings() {
    return List.of(new Scaling.None(), new Scaling.Linear(4), LLAMA3);
  }

  private static ModelConfig config(Scaling scaling) {
    return new ModelConfig(
        Families.named("llama"),
        32,
        24,
        2,
        new ModelConfig.Attention(2, 1, HEAD_DIM),
        POSITIONS,
        new ModelConfig.Rope(10_000, scaling),
        new ModelConfig.Block(ModelConfig.Activation.SILU, 1e-5),
        new ModelConfig.Vocabulary(VOCABULARY, true, 0, List.of(0)),
        Optional.empty(),
        Optional.empty());
  }

  @ParameterizedTest
  @MethodSource("scalings")
  void theTableHasTheEnginesBits(Scaling scaling) {
    Natives.start(2);
    Rotary engine = Rotary.of(config(scaling));
    int half = HEAD_DIM / 2;
    float[] cos = new float[half];
    float[] sin = new float[half];
    try (PointerScope _ = new PointerScope()) {
      RotaryTable table = RotaryTable.of(config(scaling), POSITIONS);
      float[] cosines = Tensors.toFloats(table.cos());
      float[] sines = Tensors.toFloats(table.sin());
      for (int p = 0; p < POSITIONS; p++) {
        engine.angles(p, cos, sin, 0);
        for (int i = 0; i < half; i++) {
          int low = p * HEAD_DIM + i;
          String at = "pair %d at %d".formatted(i, p);
          assertEquals(cos[i], cosines[low], at);
          assertEquals(cos[i], cosines[low + half], at);
          assertEquals(-sin[i], sines[low], at);
          assertEquals(sin[i], sines[low + half], at);
        }
      }
    }
  }

  @Test
  void theTableGrowsWithTheLongestRowAndOutlivesThePassThatMadeIt() {
    DecoderModule model = TestModels.random(config(LLAMA3), 1, Precision.FP32);
    assertEquals(1, model.tabulated());
    float[] short1 = logits(model, 5);
    assertEquals(5, model.tabulated());
    float[] long1 = logits(model, 40);
    assertEquals(40, model.tabulated());
    assertArrayEquals(short1, logits(model, 5));
    assertArrayEquals(long1, logits(model, 40));
    assertEquals(40, model.tabulated());
    assertArrayEquals(short1, Arrays.copyOf(long1, short1.length), 1e-5f);
  }

  @Test
  void trainerAndEngineAgreeOver2000PositionsWithLlama3Scaling() throws IOException {
    DecoderModule model = TestModels.random(config(LLAMA3), 2, Precision.FP32);
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "llama", "hidden_size": 32, "intermediate_size": 24,
         "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
         "head_dim": 16, "vocab_size": 50, "max_position_embeddings": 2000,
         "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
         "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1,
          "high_freq_factor": 4, "original_max_position_embeddings": 256},
         "tie_word_embeddings": true, "bos_token_id": 0, "eos_token_id": 0}
        """);
    TestModels.save(model, folder);
    float[] expected = logits(model, POSITIONS);
    try (Model llama = Model.open(folder, new LoadOptions(WeightType.AUTO, 1))) {
      llama.forwardEach(
          llama.newState(POSITIONS),
          tokens(POSITIONS),
          0,
          POSITIONS,
          (t, row) ->
              assertArrayEquals(
                  Arrays.copyOfRange(expected, t * VOCABULARY, (t + 1) * VOCABULARY),
                  row,
                  5e-5f,
                  "position " + t));
    }
  }

  private static int[] tokens(int length) {
    return new Random(4).ints(length, 0, VOCABULARY).toArray();
  }

  private static float[] logits(DecoderModule model, int length) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      long[][] ids = {Arrays.stream(tokens(length)).asLongStream().toArray()};
      return Tensors.toFloats(model.forward(Tensors.of(ids), (l, x, w) -> w.dense(x)));
    }
  }
}
