package org.mixtureofmasks.train;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.model.LlamaConfig;

final class InterimConfig {
  private InterimConfig() {}

  static LlamaConfig read(Checkpoint checkpoint) {
    JsonNode c = checkpoint.metadata();
    return new LlamaConfig(
        c.get("hidden_size").asInt(),
        c.get("intermediate_size").asInt(),
        c.get("num_hidden_layers").asInt(),
        c.get("num_attention_heads").asInt(),
        c.get("num_key_value_heads").asInt(),
        c.path("head_dim")
            .asInt(c.get("hidden_size").asInt() / c.get("num_attention_heads").asInt()),
        c.get("vocab_size").asInt(),
        c.get("max_position_embeddings").asInt(),
        c.get("rms_norm_eps").asDouble(),
        new LlamaConfig.Rope(c.path("rope_theta").asDouble(10000), new LlamaConfig.Scaling.None()),
        c.path("tie_word_embeddings").asBoolean(),
        0,
        List.of(0),
        Optional.empty());
  }
}
