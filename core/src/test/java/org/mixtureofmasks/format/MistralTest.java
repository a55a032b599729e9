package org.mixtureofmasks.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.io.BadCheckpoint;

class MistralTest {
  private final MadeCheckpoint made = MadeCheckpoint.llama(Checkpoint.Format.HUGGING_FACE);
  private final ObjectNode json = made.metadata();

  private ModelConfig read() {
    json.put("model_type", "mistral");
    return ConfigReader.read(made);
  }

  private String refusal() {
    return assertThrows(BadCheckpoint.class, this::read).reason();
  }

  @Test
  void absentMembersTakeTheDefaultsOfTransformers() {
    json.putNull("sliding_window");
    json.remove("num_key_value_heads");
    json.put("num_attention_heads", 16);
    ModelConfig config = read();
    assertEquals(8, config.kvHeads());
    assertEquals(131_072, config.maxPositions());
    assertEquals(1e-6, config.rmsNormEps());
    json.putNull("num_key_value_heads");
    assertEquals(16, read().kvHeads());
  }

  @Test
  void aWindowOfTheWholeContextIsNone() {
    json.put("max_position_embeddings", 64);
    assertEquals(64, read().maxPositions()); // absent: 4096
    json.put("sliding_window", 64);
    assertEquals(64, read().maxPositions());
  }

  @Test
  void aWindowThatWouldBiteIsRefusedByName() {
    json.put("max_position_embeddings", 8192).put("sliding_window", 4096);
    assertEquals(
        "'sliding_window' is 4096, expected is null, or at least max_position_embeddings 8192:"
            + " windows are not computed",
        refusal());
    json.remove("sliding_window");
    assertEquals(
        "'sliding_window' is missing, which means 4096 of 8192 positions: windows are not"
            + " computed",
        refusal());
  }

  @Test
  void itsTensorsAreLlamasAndItsConfigSaysItsOwnName() {
    json.putNull("sliding_window");
    ModelConfig config = read();
    json.put("model_type", "llama");
    assertEquals(ConfigReader.read(made).tensors().all(), config.tensors().all());
    ObjectNode written = HuggingFaceConfig.write(config, DType.BF16);
    assertEquals("mistral", written.path("model_type").textValue());
    assertEquals("MistralForCausalLM", written.path("architectures").path(0).textValue());
  }
}
