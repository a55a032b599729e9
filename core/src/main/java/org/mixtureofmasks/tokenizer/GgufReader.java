package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.GgufFile;
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
    Set<Integer> ends = new TreeSet<>();
    // End of text, of a turn, of a message: any of them ends what is generated.
    for (String key : new String[] {"eos_token_id", "eot_token_id", "eom_token_id"}) {
      int id = id(key);
      if (id >= 0) {
        ends.add(id);
      }
    }
    JsonNode pre = metadata.path(PREFIX + "pre");
    return new GgufVocabulary(
        file,
        model.textValue(),
        pre.isTextual() ? pre.textValue() : null,
        tokens,
        gguf.floats(PREFIX + "scores").orElse(null),
        gguf.ints(PREFIX + "token_type").orElse(null),
        gguf.strings(PREFIX + "merges").orElse(null),
        flag("add_space_prefix"),
        flag("add_bos_token"),
        flag("add_eos_token"),
        id("bos_token_id"),
        id("eos_token_id"),
        id("unknown_token_id"),
        ends);
  }

  private @Nullable Boolean flag(String key) {
    JsonNode value = metadata.path(PREFIX + key);
    return value.isBoolean() ? value.booleanValue() : null;
  }

  /** -1 when the file says nothing, or 2^32 - 1, which is llama.cpp's way of saying nothing. */
  private int id(String key) {
    JsonNode value = metadata.path(PREFIX + key);
    long id = value.isIntegralNumber() ? value.longValue() : -1;
    if (id == 0xffff_ffffL) {
      return -1;
    }
    return Math.clamp(id, -2, Integer.MAX_VALUE); // out of range is refused with the rest
  }
}
