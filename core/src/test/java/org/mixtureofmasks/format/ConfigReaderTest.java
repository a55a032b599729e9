package org.mixtureofmasks.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.io.BadCheckpoint;

/** config.json in its dialects, and what is refused. */
class ConfigReaderTest {
  private static final String MEMBERS =
      "\"model_type\": \"llama\", \"hidden_size\": 64, \"intermediate_size\": 100,"
          + " \"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"vocab_size\": 50";

  @TempDir Path folder;

  private ModelConfig read(String members) throws IOException {
    LinkedHashMap<String, TensorSource> tensors = new LinkedHashMap<>();
    tensors.put("x", TensorSource.of(new float[1], 1));
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);
    Files.writeString(folder.resolve("config.json"), "{" + members + "}");
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      return ConfigReader.read(checkpoint);
    }
  }

  private String refusal(String members) {
    BadCheckpoint e = assertThrows(BadCheckpoint.class, () -> read(members));
    assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
    assertTrue(e.getMessage().contains("config.json"), e.getMessage());
    return e.reason();
  }

  @Test
  void absentMembersTakeTheDefaultsOfTransformers() throws IOException {
    ModelConfig c = read(MEMBERS);
    assertEquals(4, c.kvHeads());
    assertEquals(16, c.headDim());
    assertEquals(2048, c.maxPositions());
    assertEquals(1e-6, c.rmsNormEps());
    assertEquals(10_000, c.rope().theta());
    assertEquals(new ModelConfig.Scaling.None(), c.rope().scaling());
    assertEquals(false, c.tieEmbeddings());
    assertEquals(1, c.bosToken());
    assertEquals(List.of(2), c.eosTokens());
    assertTrue(c.mixtureOfMasks().isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"rope_theta\": 500000.0, \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 32.0,"
            + " \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0,"
            + " \"original_max_position_embeddings\": 8192}, \"torch_dtype\": \"bfloat16\"",
        "\"rope_parameters\": {\"rope_theta\": 500000.0, \"rope_type\": \"llama3\", \"factor\":"
            + " 32.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0,"
            + " \"original_max_position_embeddings\": 8192}, \"dtype\": \"bfloat16\"",
        "\"rope_theta\": 500000.0, \"rope_scaling\": {\"type\": \"llama3\", \"factor\": 32.0,"
            + " \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0,"
            + " \"original_max_position_embeddings\": 8192}"
      })
  void bothDialectsOfRotaryParametersAreRead(String rope) throws IOException {
    ModelConfig c = read(MEMBERS + ", " + rope);
    assertEquals(
        new ModelConfig.Rope(500_000, new ModelConfig.Scaling.Llama3(32, 1, 4, 8192)), c.rope());
  }

  @Test
  void linearScalingAndNullsAreRead() throws IOException {
    ModelConfig c =
        read(
            MEMBERS
                + ", \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2.0}, \"head_dim\":"
                + " null, \"bos_token_id\": null, \"eos_token_id\": [1, 2]");
    assertEquals(new ModelConfig.Scaling.Linear(2), c.rope().scaling());
    assertEquals(List.of(1, 2), c.eosTokens());
    assertEquals(16, c.headDim());
  }

  @Test
  void theGenerationConfigAddsItsEndTokens() throws IOException {
    Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [7, 3]}");
    assertEquals(List.of(3, 7), read(MEMBERS + ", \"eos_token_id\": 3").eosTokens());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"model_type\": \"mamba\" | model_type 'mamba' is an unknown architecture; llama, mistral, mixture_of_masks and token_masks are read",
        "\"hidden_act\": \"gelu\" | hidden_act 'gelu' is not supported; only silu is",
        "\"attention_bias\": true | attention_bias true is not supported: layers have no bias",
        "\"mlp_bias\": true | mlp_bias true is not supported: layers have no bias",
        "\"rope_scaling\": {\"rope_type\": \"yarn\"} | rope_type 'yarn' is not supported; default, linear and llama3 are",
        "\"rope_scaling\": {\"rope_type\": \"linear\"} | 'factor' is missing",
        "\"hidden_size\": 0 | 'hidden_size' is 0, expected is a whole number from 1 to 1073741824",
        "\"hidden_size\": \"64\" | 'hidden_size' is \"64\", expected is a whole number from 1 to 1073741824",
        "\"vocab_size\": 9999999999999 | 'vocab_size' is 9999999999999, expected is a whole number from 1 to 1073741824",
        "\"rms_norm_eps\": -1.0 | 'rms_norm_eps' is -1.0, expected is a number above 0",
        "\"num_attention_heads\": 3 | hidden_size 64 is no multiple of num_attention_heads 3: no head_dim",
        "\"eos_token_id\": 50 | eos_token_id 50 is outside the vocabulary of 50",
        "\"model_type\": \"mixture_of_masks\" | has model_type mixture_of_masks but no member mixture_of_masks"
      })
  void whatIsNotComputedIsRefusedByName(String member, String reason) {
    String name = member.substring(0, member.indexOf(':'));
    String members =
        String.join(
                ", ",
                List.of(MEMBERS.split(", *")).stream()
                    .filter(m -> !m.trim().startsWith(name))
                    .toList())
            + ", "
            + member;
    assertEquals(reason, refusal(members));
  }

  @Test
  void headsThatDoNotShareEvenlyAreRefused() {
    String reason = refusal(MEMBERS + ", \"num_key_value_heads\": 3");
    assertEquals("4 query heads cannot share 3 key-value heads evenly", reason);
    assertEquals(
        "a head_dim of 5 is odd; rotary positions turn pairs",
        refusal(MEMBERS + ", \"head_dim\": 5"));
  }

  @Test
  void aMissingMemberIsNamed() {
    assertEquals("'num_hidden_layers' is missing", refusal(MEMBERS.replace("num_hidden", "x")));
  }

  private static String sparse(int version, int k, String more) {
    return MEMBERS.replace("\"llama\"", "\"mixture_of_masks\"")
        + ", \"mixture_of_masks\": {\"format_version\": "
        + version
        + ", \"layout\": \"runs\", \"num_experts\": 8, \"num_experts_per_tok\": "
        + k
        + ", \"target\": 0.5, \"active_ffn_share\": 0.5, \"live_neurons\": [100, 100],"
        + " \"shared_neurons\": [0, 0]"
        + (more.isEmpty() ? "" : ", " + more)
        + "}";
  }

  private static String routing(String members) {
    return "\"routing\": {" + members + "}";
  }

  @Test
  void anAbsentRoutingIsTheDefaultInBothVersions() throws IOException {
    for (int version = 1; version <= 2; version++) {
      assertEquals(
          Routing.topK(2), read(sparse(version, 2, "")).mixtureOfMasks().orElseThrow().routing());
    }
  }

  @Test
  void routingIsReadByItsWords() throws IOException {
    String words = "\"score\": \"swiglu\", \"select\": \"top_k\", \"weights\": \"ones\"";
    assertEquals(
        new Routing(Routing.Score.SWIGLU, Routing.Select.TOP_K, 2, 0, Routing.Weights.ONES),
        read(sparse(2, 2, routing(words))).mixtureOfMasks().orElseThrow().routing());
    String gates =
        "\"select\": \"threshold\", \"threshold\": 0.25, \"weights\": \"sigmoid_rescaled\"";
    assertEquals(
        Routing.threshold(8, 0.25),
        read(sparse(2, 8, routing(gates))).mixtureOfMasks().orElseThrow().routing());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"score\": \"cosine\" | 'score' is \"cosine\", expected is one of linear, swiglu",
        "\"select\": \"top-k\" | 'select' is \"top-k\", expected is one of top_k, threshold",
        "\"weights\": 1 | 'weights' is 1, expected is one of normalised, ones, sigmoid_rescaled",
        "\"treshold\": 0.5 | routing has an unknown member 'treshold'; it may have [score, select, threshold, weights]",
        "\"threshold\": 0.5 | 'threshold' is 0.5, expected is absent: only the select threshold has one",
        "\"select\": \"threshold\" | 'threshold' is missing in routing",
        "\"select\": \"threshold\", \"threshold\": 1 | 'threshold' is 1, expected is a number from 0 to below 1",
        "\"select\": \"threshold\", \"threshold\": \"0.5\" | 'threshold' is \"0.5\", expected is a number from 0 to below 1",
        "\"select\": \"threshold\", \"threshold\": 0.5 | 'num_experts_per_tok' is 2, expected is num_experts 8: a threshold may pass all"
      })
  void routingThatIsNotUnderstoodIsRefused(String members, String reason) {
    assertEquals(reason, refusal(sparse(2, 2, routing(members))));
  }

  @Test
  void versionsThatDoNotFitAreRefused() {
    assertEquals(
        "'format_version' is 1, expected is 2 for a model with routing",
        refusal(sparse(1, 2, routing("\"weights\": \"ones\""))));
    assertEquals(
        "'format_version' is 4, expected is 1 to 3; a newer mom wrote this model",
        refusal(sparse(4, 2, "")));
    assertEquals(
        "'format_version' is 2, expected is 3 for a model with family",
        refusal(sparse(2, 2, "\"family\": \"mistral\"")));
    assertEquals(
        "'family' is \"mamba\", expected is one of llama, mistral",
        refusal(sparse(3, 2, "\"family\": \"mamba\"")));
    assertEquals(
        "'routing' is \"linear\", expected is an object",
        refusal(sparse(2, 2, "\"routing\": \"linear\"")));
  }

  @Test
  void aSparseFolderOfAnotherFamilyIsReadAsThatFamilys() throws IOException {
    String mistral =
        sparse(3, 2, "\"family\": \"mistral\"")
            + ", \"sliding_window\": null, \"num_key_value_heads\": 2";
    assertEquals(Families.named("mistral"), read(mistral).family());
    assertEquals(Families.named("llama"), read(sparse(3, 2, "")).family());
  }
}
