package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.GgufFile;
import org.mixtureofmasks.checkpoint.GgufSpecialTokens;
import org.mixtureofmasks.io.BadCheckpoint;

/** Takes the vocabulary out of a GGUF file. */
final class GgufReader {
  private static final String PREFIX = "tokenizer.ggml.";

  private final Path file;
  private final ObjectNode metadata;

  private GgufReader(Path file, ObjectNode metadata) {
    this.file = file;
    this.metadata = metadata;
  }

  /**
   * Reads the vocabulary.
   *
   * @throws BadCheckpoint if the file is malformed or has none
   */
  static GgufVocabulary read(Path file) {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      if (checkpoint instanceof GgufFile gguf) {
        return new GgufReader(file, gguf.metadata()).vocabulary(gguf);
      }
      throw new BadCheckpoint(file, 0, "is not a GGUF file");
    }
  }

  private GgufVocabulary vocabulary(GgufFile gguf) {
    JsonNode model = metadata.path(PREFIX + "model");
    String[] tokens = gguf.strings(PREFIX + "tokens").orElse(null);
    if (!model.isTextual() || tokens == null) {
      throw new BadCheckpoint(file, -1, "has no vocabulary in it; pass --tokenizer FILE");
    }
    GgufSpecialTokens special = GgufSpecialTokens.of(gguf);
    Set<Integer> ends = special.ends();
    int[] types = gguf.ints(PREFIX + "token_type").orElse(null);
    JsonNode pre = metadata.path(PREFIX + "pre");
    return new GgufVocabulary(
        file,
        model.textValue(),
        pre.isTextual() ? pre.textValue() : null,
        tokens,
        gguf.floats(PREFIX + "scores").orElse(null),
        types == null ? null : withEnds(types, ends),
        gguf.strings(PREFIX + "merges").orElse(null),
        flag("add_space_prefix"),
        flag("add_bos_token"),
        flag("add_eos_token"),
        special.id("bos"),
        special.id("eos"),
        special.id("unknown"),
        ends);
  }

  private @Nullable Boolean flag(String key) {
    JsonNode value = metadata.path(PREFIX + key);
    return value.isBoolean() ? value.booleanValue() : null;
  }

  /** As in llama.cpp, what ends a text is a control token, whatever its type says. */
  private static int[] withEnds(int[] types, Set<Integer> ends) {
    int[] out = types.clone();
    for (int id : ends) {
      if (id >= 0 && id < out.length) {
        out[id] = GgufVocabulary.CONTROL;
      }
    }
    return out;
  }
}
