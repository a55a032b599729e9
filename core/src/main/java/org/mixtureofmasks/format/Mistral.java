package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import java.util.OptionalInt;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * Mistral: LLaMA's layers with other defaults, and in some models (7B v0.1) a sliding window, which
 * is not computed here. In GGUF it is the architecture llama.
 */
final class Mistral extends Llama {
  /** What transformers' MistralConfig takes when config.json has no sliding_window at all. */
  private static final int DEFAULT_WINDOW = 4096;

  Mistral() {
    super("mistral", "MistralForCausalLM", Optional.empty());
  }

  @Override
  Defaults defaults() {
    return new Defaults(OptionalInt.of(8), 131_072, 1e-6);
  }

  @Override
  ModelConfig.Block block(Fields config) {
    int positions = config.positive("max_position_embeddings", defaults().maxPositions());
    JsonNode window = config.node().path("sliding_window");
    if (window.isMissingNode() && positions > DEFAULT_WINDOW) {
      throw new BadCheckpoint(
          config.file(),
          -1,
          "'sliding_window' is missing, which means %d of %d positions: windows are not computed"
              .formatted(DEFAULT_WINDOW, positions));
    }
    return super.block(config);
  }
}
