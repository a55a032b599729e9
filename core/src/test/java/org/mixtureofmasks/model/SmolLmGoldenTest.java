package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * SmolLM2-135M-Instruct gives the greedy tokens of transformers (float32 arithmetic on the bf16
 * weights) for ten stored prompts; scripts/smollm2_golden.py made them. The GGUF file holds the
 * same weights quantised; rounded to bf16 they are the same bits.
 */
class SmolLmGoldenTest {
  private static final String MODELS = System.getenv("MOM_MODELS");

  @ParameterizedTest
  @ValueSource(strings = {"SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"})
  void tenPromptsGiveTheGreedyTokensOfTransformers(String name) throws IOException {
    assumeTrue(MODELS != null, "set MOM_MODELS to a folder that holds " + name);
    Path path = Path.of(MODELS, name);
    assumeTrue(Files.exists(path), path + " is missing");
    JsonNode prompts;
    try (InputStream in =
        SmolLmGoldenTest.class.getResourceAsStream(
            "/org/mixtureofmasks/models/smollm2-135m-greedy.json")) {
      prompts = new ObjectMapper().readTree(in).path("prompts");
    }
    assertEquals(10, prompts.size());
    try (Model llama =
        Model.open(path, new LoadOptions(WeightType.BF16, LoadOptions.defaults().threads()))) {
      ModelState state = llama.newState(512);
      for (JsonNode prompt : prompts) {
        int[] ids = ids(prompt.path("prompt_ids"));
        int[] expected = ids(prompt.path("generated_ids"));
        state.reset();
        int[] got = new int[expected.length];
        int[] token = {TestModels.argmax(llama.forward(state, ids, 0, ids.length))};
        for (int i = 0; i < got.length; i++) {
          got[i] = token[0];
          token[0] = TestModels.argmax(llama.forward(state, token, 0, 1));
        }
        assertArrayEquals(expected, got, prompt.path("text").asText());
      }
    }
  }

  private static int[] ids(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
  }
}
