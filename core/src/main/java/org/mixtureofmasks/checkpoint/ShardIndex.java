package org.mixtureofmasks.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.MappedFile;
import org.mixtureofmasks.io.StrictJson;

/** Reads model.safetensors.index.json: which shard holds which tensor. */
final class ShardIndex {
  /** Keys outside weight_map; the check for duplicates keeps every key of an open object. */
  private static final int OTHER_KEYS_LIMIT = 1 << 16;

  private ShardIndex() {}

  /** Tensor name -> file name of its shard, in the order of the index. */
  static Map<String, String> read(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = MappedFile.map(file, arena);
      StrictJson.requireSize(file, text.byteSize(), SafetensorsFile.HEADER_LIMIT);
      Map<String, String> shardOf =
          StrictJson.read(file, 0, text, (p, at) -> weightMap(file, p, at));
      if (shardOf.isEmpty()) {
        throw new BadCheckpoint(file, -1, "has no weight_map, or an empty one");
      }
      return shardOf;
    }
  }

  private static Map<String, String> weightMap(Path file, JsonParser parser, LongSupplier at)
      throws IOException {
    Map<String, String> shardOf = new LinkedHashMap<>();
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new BadCheckpoint(file, 0, "must hold a JSON object");
    }
    int otherKeys = 0;
    int depth = 1;
    while (depth > 0) {
      JsonToken token = parser.nextToken();
      if (depth == 1
          && token == JsonToken.FIELD_NAME
          && parser.currentName().equals("weight_map")) {
        parser.nextToken();
        readMap(file, parser, at, shardOf);
      } else if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      } else if (token == JsonToken.FIELD_NAME && ++otherKeys > OTHER_KEYS_LIMIT) {
        throw new BadCheckpoint(
            file,
            at.getAsLong(),
            "has more than %s keys outside weight_map".formatted(OTHER_KEYS_LIMIT));
      }
    }
    return shardOf;
  }

  private static void readMap(
      Path file, JsonParser parser, LongSupplier at, Map<String, String> shardOf)
      throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw new BadCheckpoint(file, at.getAsLong(), "weight_map must be an object");
    }
    // One String for each shard, however many tensors name it.
    Map<String, String> names = new HashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String tensor = parser.currentName();
      String shard = parser.nextToken() == JsonToken.VALUE_STRING ? parser.getText() : "";
      // A name with a separator could lead out of the folder.
      if (!shard.matches("[^/\\\\:\\p{Cntrl}]{1,200}\\.safetensors")) {
        throw new BadCheckpoint(
            file,
            at.getAsLong(),
            "tensor '%s' must name a .safetensors file of the same folder"
                .formatted(SafetensorsHeader.shown(tensor)));
      }
      if (shardOf.size() == SafetensorsHeader.TENSOR_LIMIT) {
        throw new BadCheckpoint(
            file, at.getAsLong(), "names more than %s tensors".formatted(shardOf.size()));
      }
      shardOf.put(tensor, names.computeIfAbsent(shard, s -> s));
    }
  }
}
