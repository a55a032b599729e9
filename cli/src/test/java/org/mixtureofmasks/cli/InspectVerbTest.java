package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;
import picocli.CommandLine;

class InspectVerbTest {
  @TempDir Path folder;

  @Test
  void aLlama2cModelIsCountedByItsParts() throws IOException {
    JsonNode j = new ObjectMapper().readTree(inspect(stories().toString(), "--json"));
    assertEquals("llama2c", j.get("format").textValue());
    assertEquals(5, j.get("shape").get("num_hidden_layers").intValue());
    // By hand from the header: d 64, m 172, 5 layers, 8 heads of 8, 4 for keys and values, V 512.
    assertEquals(5 * 3 * 64 * 172, j.get("parameters").get("ffn").intValue());
    assertEquals(5 * (2 * 64 * 64 + 2 * 32 * 64), j.get("parameters").get("attention").intValue());
    assertEquals(512 * 64, j.get("parameters").get("embedding").intValue());
    assertEquals(11 * 64, j.get("parameters").get("norm").intValue());
    assertEquals(0, j.get("parameters").get("other").intValue());
    assertEquals(260_032, j.get("parameters").get("total").intValue());
    assertEquals(4 * 260_032, j.get("memory").get("fp32_bytes").intValue());
    assertEquals(
        1000 * 2 * 5 * 32 * 4, j.get("memory").get("kv_cache_bytes_per_1000_tokens").intValue());
    assertEquals(1_056_540, j.get("bytes").intValue());
    assertTrue(j.get("tokenizer").isNull());
    assertFalse(j.has("tensor_list"));
  }

  /** Whole pages of 128 tokens, 5 layers, 4 heads, a key and a value of 8 numbers each. */
  @Test
  void theCacheOfKeysAndValuesIsForetoldForAContext() throws IOException {
    String[] command = {stories().toString(), "--json", "--context", "129"};
    JsonNode cache = new ObjectMapper().readTree(inspect(command)).at("/memory/kv_cache");
    long numbers = 2 * 128 * 5 * 4 * 2 * 8;
    assertEquals(129, cache.get("context_tokens").intValue());
    assertEquals(4 * numbers, cache.get("f32_bytes").longValue());
    assertEquals(2 * numbers, cache.get("bf16_bytes").longValue());
    assertEquals(numbers + numbers / 8 * 4, cache.get("int8_bytes").longValue());
    assertTrue(inspect(stories().toString()).contains("of 512 tokens"));
    CliRun.mom("inspect", stories(), "--context", 513).failure(2);
  }

  @Test
  void tensorsAreListedOnRequest() throws IOException {
    assertTrue(inspect(stories().toString(), "--tensors").contains("F32   [5, 64, 172]"));
    JsonNode j = new ObjectMapper().readTree(inspect(stories().toString(), "--tensors", "--json"));
    assertEquals(13, j.get("tensor_list").size());
    assertEquals("wk", j.get("tensor_list").get(3).get("name").textValue());
    assertEquals("[5,32,64]", j.get("tensor_list").get(3).get("shape").toString());
  }

  @Test
  void aMixtureOfMasksShowsItsNeurons() throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "mixture_of_masks", "architectures": ["MixtureOfMasksForCausalLM"],
         "hidden_size": 8, "intermediate_size": 10, "num_hidden_layers": 2,
         "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 16,
         "max_position_embeddings": 32, "tie_word_embeddings": true,
         "mixture_of_masks": {"format_version": 1, "variant": "mom", "layout": "runs",
           "num_experts": 4, "num_experts_per_tok": 1, "target": 0.5, "active_ffn_share": 0.45,
           "live_neurons": [9, 7], "shared_neurons": [2, 1], "redundant_neurons": [1, 3],
           "parent": "sha256:00"}}
        """);
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    String mlp = "model.layers.0.mlp.";
    tensors.put(mlp + "neurons", TensorSource.of(new float[9 * 3 * 8], 9, 3, 8));
    tensors.put(mlp + "router.weight", TensorSource.of(new float[32], 4, 8));
    tensors.put(mlp + "experts.runs", TensorSource.ofInts(new int[] {0, 2}, 1, 2));
    String second = "model.layers.1.mlp.";
    tensors.put(second + "neurons", TensorSource.of(new float[7 * 3 * 8], 7, 3, 8));
    tensors.put(second + "router.weight", TensorSource.of(new float[32], 4, 8));
    tensors.put(second + "experts.runs", TensorSource.ofInts(new int[] {0, 2}, 1, 2));
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);

    JsonNode j = new ObjectMapper().readTree(inspect(folder.toString(), "--json"));
    assertTrue(j.get("runnable").booleanValue(), j.path("why_not").asText());
    JsonNode m = j.get("mixture_of_masks");
    assertEquals(4, m.get("num_experts").intValue());
    assertEquals(16, m.get("live_neurons").intValue());
    assertEquals(3, m.get("shared_neurons").intValue());
    assertEquals(13, m.get("independent_neurons").intValue());
    assertEquals(4, m.get("redundant_neurons").intValue());
    assertEquals(3, m.get("layers").get(1).get("redundant_neurons").intValue());
    // 45 % of 240 fp32 weights, a router of 128 bytes, a quarter of one run and a pair of offsets.
    assertEquals(0.45, j.get("active_ffn_share").doubleValue());
    assertEquals((432 + 128 + 2 + 8) / 960.0, j.get("share_all_in").doubleValue(), 1e-12);
    assertEquals(384, j.get("parameters").get("ffn").intValue());
    assertEquals(64, j.get("parameters").get("routing").intValue(), "runs are no parameters");
    assertEquals("tokenizer.json", j.get("tokenizer").textValue());
    String text = inspect(folder.toString());
    assertTrue(text.contains("45.0 % of the weights per token (target 50.0 %)"), text);
    assertTrue(text.contains("runs of 2.0 neurons of 96 bytes"), text);
    assertEquals(384, m.get("neuron_bytes_copied").intValue());
    assertTrue(text.contains("16 live (3 in every mask, 13 in some), 4 redundant and gone"), text);
  }

  @Test
  void tokenMasksByAPreviewShowTheirChoiceAndItsBytes() throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "token_masks", "architectures": ["TokenMasksForCausalLM"],
         "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1,
         "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 16,
         "max_position_embeddings": 32, "tie_word_embeddings": true,
         "token_masks": {"format_version": 4, "choice": "preview", "preview_bits": 4,
           "target": 0.5, "active_ffn_share": 0.25, "kept_inputs": [0.5], "kept_neurons": [0.25]}}
        """);
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    String mlp = "model.layers.0.mlp.";
    tensors.put(mlp + "neurons", TensorSource.ofBf16(new float[64 * 3 * 64], 64, 3, 64));
    tensors.put(mlp + "preview", TensorSource.ofBytes(new byte[128 * 32], 128, 32));
    tensors.put(mlp + "preview_scales", TensorSource.of(new float[128], 64, 2));
    tensors.put(mlp + "preview_centres", TensorSource.of(new float[64], 64));
    tensors.put(mlp + "preview_base", TensorSource.of(new float[128], 128));
    tensors.put(mlp + "preview_directions", TensorSource.ofBytes(new byte[64 * 16], 64, 16));
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);

    JsonNode j = new ObjectMapper().readTree(inspect(folder.toString(), "--json"));
    assertEquals("preview", j.at("/token_masks/choice").textValue());
    assertEquals(0.25, j.at("/token_masks/layers/0/kept_neurons").doubleValue());
    assertEquals(0.25, j.get("active_ffn_share").doubleValue());
    // 16 records of 6 lines, 32 rows in both planes of one, all directions; scales, centres, what
    // these give, thresholds.
    double read = 16 * 6 * 64 + 32 * 2 * 64 + 64 * 16 + (3 * 64 + 2 * 64 + 3) * 4;
    assertEquals(read / (64 * 3 * 64 * 2), j.get("share_all_in").doubleValue(), 1e-12);
    assertEquals(64 * 3 * 64, j.at("/parameters/ffn").intValue(), "a copy is no parameter");
    String text = inspect(folder.toString());
    assertTrue(text.contains("each token reads a preview of its largest inputs"), text);
    assertTrue(text.contains("25.0 % by a token, mean over layers"), text);
  }

  @Test
  void anUnknownArchitectureIsDescribedAsFarAsItGoes() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"mamba\"}");
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    tensors.put("backbone.embeddings.weight", TensorSource.of(new float[6], 2, 3));
    tensors.put("backbone.layers.0.mixer.A_log", TensorSource.ofBf16(new float[4], 4));
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);
    String text = inspect(folder.toString());
    assertTrue(text.contains("architecture mamba"), text);
    assertTrue(text.contains("not runnable") && text.contains("unknown architecture"), text);
    assertTrue(text.contains("embedding     6 (60.0 %)"), text);
    assertTrue(text.contains("other         4 (40.0 %)"), text);
    assertTrue(text.contains("F32 24 B, BF16 8 B"), text);
  }

  @ParameterizedTest
  @CsvSource({
    "model.layers.3.mlp.gate_proj.weight, FFN",
    "model.layers.3.mlp.router.weight, ROUTING",
    "model.layers.3.mlp.gate.weight, ROUTING",
    "model.layers.3.mlp.neurons, FFN",
    "model.layers.3.self_attn.q_proj.weight, ATTENTION",
    "model.layers.3.post_attention_layernorm.weight, NORM",
    "model.embed_tokens.weight, EMBEDDING",
    "lm_head.weight, EMBEDDING",
    "blk.3.attn_norm.weight, NORM",
    "blk.3.attn_output.weight, ATTENTION",
    "blk.3.ffn_gate.weight, FFN",
    "blk.3.ffn_norm.weight, NORM",
    "output.weight, EMBEDDING",
    "output_norm.weight, NORM",
    "token_embd.weight, EMBEDDING",
    "wq, ATTENTION",
    "w2, FFN",
    "wcls, EMBEDDING",
  })
  void aTensorsNameInAnyFormatSaysWhichPartItCountsTo(String name, ParameterCount.Part part) {
    assertEquals(part, ParameterCount.partOf(name));
  }

  @ParameterizedTest
  @CsvSource({
    "999, 999 B",
    "1000, 1.0 kB",
    "99949, 99.9 kB",
    "99950, 100 kB",
    "999499, 999 kB",
    "999500, 1.0 MB",
    "98362432, 98.4 MB",
    "9000000000000000, 9000 TB"
  })
  void bytesAreShortAndInDecimalUnits(long bytes, String text) {
    assertEquals(text, InspectVerb.bytes(bytes));
  }

  @Test
  void aMissingFileIsExitCodeOneAndAMissingArgumentTwo() {
    assertEquals(1, Main.run("inspect", folder.resolve("absent").toString()));
    assertEquals(2, Main.run("inspect"));
  }

  private static String inspect(String... args) {
    StringWriter out = new StringWriter();
    CommandLine line = new CommandLine(new InspectVerb()).setOut(new PrintWriter(out));
    assertEquals(0, line.execute(args));
    return out.toString();
  }

  private Path stories() throws IOException {
    Path file = folder.resolve("stories260K.bin");
    try (InputStream in =
        InspectVerbTest.class.getResourceAsStream("/org/mixtureofmasks/models/stories260K.bin")) {
      Files.write(file, in.readAllBytes());
    }
    return file;
  }
}
