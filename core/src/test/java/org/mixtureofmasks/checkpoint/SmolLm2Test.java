package org.mixtureofmasks.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real GGUF file against rows that Python's gguf package dequantised. */
class SmolLm2Test {
  private static final String NAME = "SmolLM2-135M-Instruct.Q4_1.gguf";
  private Path model;

  @BeforeEach
  void find() {
    String models = System.getenv("MOM_MODELS");
    assumeTrue(models != null, "MOM_MODELS names no folder of models");
    model = Path.of(models, NAME);
    assumeTrue(Files.exists(model), model + " is absent");
  }

  @Test
  void rowsEqualPythonsDequantisationToTheBit() throws IOException {
    JsonNode rows = new ObjectMapper().readTree(Bytes.resource("smollm2-rows.json")).get("rows");
    assertEquals(10, rows.size());
    try (Checkpoint c = Checkpoints.open(model)) {
      for (JsonNode row : rows) {
        StoredTensor tensor = c.tensors().get(row.get("tensor").textValue());
        assertEquals(row.get("type").textValue(), tensor.dtype().name());
        assertEquals(row.get("shape").toString(), tensor.shape().toString().replace(" ", ""));
        int width = Math.toIntExact(tensor.shape().getLast());
        float[] values = new float[width];
        Elements.copyTo(tensor, row.get("row").longValue() * width, values, 0, width);
        JsonNode first = row.get("first");
        JsonNode last = row.get("last");
        for (int i = 0; i < first.size(); i++) {
          assertEquals(bits(first.get(i)), values[i]);
        }
        for (int i = 0; i < last.size(); i++) {
          assertEquals(bits(last.get(i)), values[width - last.size() + i]);
        }
        double sum = 0;
        for (float v : values) {
          sum += Math.abs((double) v);
        }
        assertEquals(row.get("sum_of_absolutes").doubleValue(), sum, 1e-9);
      }
    }
  }

  @Test
  void theVocabularyComesWhole() {
    try (Checkpoint c = Checkpoints.open(model)) {
      GgufFile file = (GgufFile) c;
      String[] tokens = file.strings("tokenizer.ggml.tokens").orElseThrow();
      assertEquals(49_152, tokens.length);
      assertEquals("<|im_end|>", tokens[2]);
      assertEquals(49_152, file.ints("tokenizer.ggml.token_type").orElseThrow().length);
      assertEquals("Ġ t", file.strings("tokenizer.ggml.merges").orElseThrow()[0]);
    }
  }

  private static float bits(JsonNode hex) {
    return Float.intBitsToFloat(Integer.parseUnsignedInt(hex.textValue(), 16));
  }
}
