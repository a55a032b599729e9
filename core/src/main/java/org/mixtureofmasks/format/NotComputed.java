package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * What a model's description may ask for and no family computes here: it is refused by its name,
 * for the answers would be others without a word. docs/file-formats.md has every key.
 */
final class NotComputed {
  private NotComputed() {}

  /**
   * Refuses a config.json.
   *
   * @param positions max_position_embeddings
   * @throws BadCheckpoint naming the key
   */
  static void refuse(Fields config, int positions) {
    Quantisation.check(config);
    String older = "compression_config";
    if (config.has(older)) {
      throw new BadCheckpoint(
          config.file(),
          -1,
          "'%s' says that the weights are quantised (%s): use the model's unquantised folder, or a GGUF file of it"
              .formatted(
                  older,
                  config.node().path(older).path("quant_method").asText("no method is named")));
    }
    if (!config.flag("is_causal", true)) {
      throw config.wrong("is_causal", "true: attention looks back only");
    }
    if (config.flag("use_bidirectional_attention", false)) {
      throw config.wrong("use_bidirectional_attention", "false: attention looks back only");
    }
    for (JsonNode type : config.node().path("layer_types")) {
      if (!type.asText().equals("full_attention")) {
        throw config.wrong("layer_types", "full_attention in every layer");
      }
    }
    for (String key : List.of("sliding_window", "attention_chunk_size")) {
      if (config.positive(key, positions) < positions) {
        throw config.wrong(
            key,
            "null, or at least max_position_embeddings %d: windows are not computed"
                .formatted(positions));
      }
    }
  }

  /**
   * Refuses the metadata of a GGUF file.
   *
   * @param prefix of the architecture's keys
   * @param positions context_length
   * @throws BadCheckpoint naming the key
   */
  static void refuseGguf(Fields metadata, String prefix, int positions) {
    String type = metadata.text("general.type", "model");
    if (!type.equals("model")) {
      throw metadata.wrong("general.type", "model: a file of another type cannot be run");
    }
    if (!metadata.flag(prefix + "attention.causal", true)) {
      throw metadata.wrong(prefix + "attention.causal", "true: attention looks back only");
    }
    if (metadata.positive(prefix + "attention.sliding_window", positions) < positions) {
      throw metadata.wrong(
          prefix + "attention.sliding_window",
          "at least context_length %d: windows are not computed".formatted(positions));
    }
    for (String key :
        List.of(
            "attention.scale",
            "attention.clamp_kqv",
            "attention.max_alibi_bias",
            "attn_logit_softcapping",
            "final_logit_softcapping",
            "logit_scale",
            "embedding_scale",
            "residual_scale")) {
      // 0 is how llama.cpp writes that there is none.
      if (metadata.node().path(prefix + key).doubleValue() != 0) {
        throw metadata.wrong(prefix + key, "none: it is not computed");
      }
    }
    if (metadata.positiveReal(prefix + "rope.scaling.attn_factor", 1) != 1) {
      throw metadata.wrong(prefix + "rope.scaling.attn_factor", "1: attention is not scaled");
    }
  }
}
