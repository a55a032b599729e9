package org.mixtureofmasks.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.format.ModelConfig.Scaling;
import org.mixtureofmasks.io.BadCheckpoint;

/** Factors of rotary frequencies as GGUF stores them. */
class RopeFactorsTest {
  private static final int HEAD = 64;

  private static MadeCheckpoint gguf(float... factors) {
    MadeCheckpoint made = MadeCheckpoint.llama(Checkpoint.Format.GGUF);
    made.metadata()
        .put("llama.attention.key_length", HEAD)
        .put("llama.attention.value_length", HEAD);
    return made.with("token_embd.weight", MadeCheckpoint.VOCABULARY, MadeCheckpoint.D)
        .with("rope_freqs.weight", factors, factors.length);
  }

  /** What llama.cpp's converter stores for Llama 3.2. */
  private static float[] llama3(double originalPositions) {
    double[] plain = Rotary.frequencies(500_000, new Scaling.None(), HEAD);
    double[] scaled =
        Rotary.frequencies(500_000, new Scaling.Llama3(32, 1, 4, originalPositions), HEAD);
    float[] factors = new float[plain.length];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = (float) (plain[i] / scaled[i]);
    }
    return factors;
  }

  @Test
  void factorsAreKeptAsTheyAre() {
    float[] factors = llama3(4096);
    ModelConfig config = ConfigReader.read(gguf(factors));
    Scaling.Factors kept = (Scaling.Factors) config.rope().scaling();
    double[] plain = Rotary.frequencies(500_000, new Scaling.None(), HEAD);
    double[] divided = Rotary.frequencies(500_000, kept, HEAD);
    for (int i = 0; i < factors.length; i++) {
      assertEquals(factors[i], kept.divisors().get(i));
      assertEquals(plain[i] / factors[i], divided[i]);
    }
  }

  @Test
  void thoseOfLlama3AreWrittenByTheirName() {
    ModelConfig config = ConfigReader.read(gguf(llama3(8192)));
    assertEquals(new Scaling.Llama3(32, 1, 4, 8192), RopeFactors.named(config.rope(), HEAD));
    assertEquals(
        "llama3",
        HuggingFaceConfig.write(config, DType.F32).at("/rope_scaling/rope_type").textValue());
  }

  @Test
  void factorsOfOneAreNone() {
    float[] ones = new float[HEAD / 2];
    Arrays.fill(ones, 1);
    ModelConfig config = ConfigReader.read(gguf(ones));
    assertEquals(new Scaling.None(), RopeFactors.named(config.rope(), HEAD));
  }

  @Test
  void othersAreRefusedWhenAFolderIsWritten() {
    float[] nearly = llama3(8192);
    nearly[17] *= 1 + 3e-6f;
    for (float[] factors : new float[][] {llama3(4096), nearly}) {
      ModelConfig config = ConfigReader.read(gguf(factors));
      UserError error =
          assertThrows(UserError.class, () -> HuggingFaceConfig.write(config, DType.F32));
      assertTrue(
          error.getMessage().startsWith("the factors in rope_freqs.weight are not Llama 3's"),
          error.getMessage());
    }
  }

  @Test
  void factorsThatDivideNothingOrAreTooFewAreRefused() {
    float[] zero = llama3(8192);
    zero[3] = 0;
    assertEquals(
        "tensor 'rope_freqs.weight' holds 0.0, which divides no frequency",
        assertThrows(BadCheckpoint.class, () -> ConfigReader.read(gguf(zero))).reason());
    assertEquals(
        "tensor 'rope_freqs.weight' has shape [3], expected is [32]",
        assertThrows(BadCheckpoint.class, () -> ConfigReader.read(gguf(1, 1, 1))).reason());
  }
}
