package org.mixtureofmasks.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.StrictJson;

/** A folder with config.json and its tensors in one safetensors file or in shards. */
final class HuggingFaceFolder implements Checkpoint {
  static final String CONFIG = "config.json";
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  private final Path folder;
  private final Arena arena;
  private final ObjectNode config;
  private final Map<String, StoredTensor> tensors;
  private final long bytes;

  private HuggingFaceFolder(
      Path folder, Arena arena, ObjectNode config, Map<String, StoredTensor> tensors, long bytes) {
    this.folder = folder;
    this.arena = arena;
    this.config = config;
    // What other methods call so means something else.
    String method = config.path("quantization_config").path("quant_method").asText();
    boolean scaled = method.equals("compressed-tensors");
    this.tensors = Collections.unmodifiableMap(scaled ? ScaledTensors.join(tensors) : tensors);
    this.bytes = bytes;
  }

  /** Opens the folder; the arena is closed by {@link #close} or by the caller when this throws. */
  static HuggingFaceFolder open(Path folder, Arena arena) {
    Path configFile = folder.resolve(CONFIG);
    if (!Files.isRegularFile(configFile)) {
      throw new BadCheckpoint(
          folder,
          -1,
          ("is not a model folder: it has no config.json; it holds %s; expected are"
                  + " config.json, tokenizer.json and model.safetensors (or shards with %s)")
              .formatted(FolderListing.of(folder), INDEX));
    }
    ObjectNode config = StrictJson.readObject(configFile, StrictJson.CONFIG_LIMIT);
    if (Files.isRegularFile(folder.resolve(SINGLE))) {
      SafetensorsFile single = SafetensorsFile.open(folder.resolve(SINGLE), arena);
      return new HuggingFaceFolder(folder, arena, config, single.tensors(), single.bytes());
    }
    if (!Files.isRegularFile(folder.resolve(INDEX))) {
      throw new BadCheckpoint(
          folder,
          -1,
          "has config.json but no weights: neither %s nor %s; it holds %s%s"
              .formatted(
                  SINGLE, INDEX, FolderListing.of(folder), FolderListing.weightsHint(folder)));
    }
    return openShards(folder, arena, config);
  }

  private static HuggingFaceFolder openShards(Path folder, Arena arena, ObjectNode config) {
    Path indexFile = folder.resolve(INDEX);
    Map<String, String> shardOf = ShardIndex.read(indexFile);
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    long bytes = 0;
    for (String shard : new LinkedHashSet<>(shardOf.values())) {
      Path file = folder.resolve(shard);
      if (!Files.isRegularFile(file)) {
        throw new BadCheckpoint(
            file,
            -1,
            "this shard is missing: %s names it; fetch it into the folder".formatted(INDEX));
      }
      SafetensorsFile opened = SafetensorsFile.open(file, arena);
      bytes += opened.bytes();
      for (StoredTensor tensor : opened.tensors().values()) {
        StoredTensor other = tensors.put(tensor.name(), tensor);
        if (other != null) {
          throw new BadCheckpoint(
              file,
              tensor.offset(),
              "holds tensor '%s', which is in %s too"
                  .formatted(SafetensorsHeader.shown(tensor.name()), other.file().getFileName()));
        }
      }
    }
    shardOf.forEach((name, shard) -> requirePresent(indexFile, tensors.get(name), name, shard));
    return new HuggingFaceFolder(folder, arena, config, tensors, bytes);
  }

  private static void requirePresent(
      Path index, @Nullable StoredTensor tensor, String name, String shard) {
    if (tensor == null || !shard.equals(tensor.file().getFileName().toString())) {
      throw new BadCheckpoint(
          index,
          -1,
          "says that tensor '%s' is in %s; it is not"
              .formatted(SafetensorsHeader.shown(name), shard));
    }
  }

  @Override
  public Format format() {
    return Format.HUGGING_FACE;
  }

  @Override
  public Path path() {
    return folder;
  }

  @Override
  public ObjectNode metadata() {
    return config.deepCopy();
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
