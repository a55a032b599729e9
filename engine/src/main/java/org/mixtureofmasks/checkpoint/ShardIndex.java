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

/** Reads model.safetensors.index.json: which shard holds which tensor. */
final class ShardIndex {
  private ShardIndex() {}

  /** Tensor name -> file name of its shard, in the order of the index. */
  static Map<String, String> read(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = MappedFile.map(file, arena);
      StrictJson.requireSize(file, text.byteSize(), SafetensorsFile.HEADER_LIMIT);
      Map<String, String> shardOf = StrictJson.read(file, 0, text, p -> weightMap(file, p));
      if (shardOf.isEmpty()) {
        throw new BadCheckpoint(file, -1, "has no weight_map, or an empty one");
      }
      return shardOf;
    }
  }

  private static Map<String, String> weightMap(Path file, JsonParser parser) throws IOException {
    Map<String, String> shardOf = new LinkedHashMap<>();
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new BadCheckpoint(file, 0, "must hold a JSON object");
    }
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      boolean map = parser.currentName().equals("weight_map");
      parser.nextToken();
      if (map) {
        readMap(file, parser, shardOf);
      } else {
        parser.skipChildren();
      }
    }
    return shardOf;
  }

  private static void readMap(Path file, JsonParser parser, Map<String, String> shardOf)
      throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw new BadCheckpoint(file, StrictJson.at(parser), "weight_map must be an object");
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
            StrictJson.at(parser),
            "tensor '"
                + SafetensorsHeader.shown(tensor)
                + "' must name a .safetensors file of the same folder");
      }
      if (shardOf.size() == SafetensorsHeader.TENSOR_LIMIT) {
        throw new BadCheckpoint(
            file, StrictJson.at(parser), "names more than " + shardOf.size() + " tensors");
      }
      shardOf.put(tensor, names.computeIfAbsent(shard, s -> s));
    }
  }
}
