package org.mixtureofmasks.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * A GGUF file, version 2 or 3, little-endian: magic, version, counts, metadata, tensor
 * descriptions, padding, tensors.
 */
public final class GgufFile implements Checkpoint {
  /** "GGUF". */
  static final int MAGIC = 0x46554747;

  /** More tokens or merges than any vocabulary has. */
  private static final int ARRAY_LIMIT = 1 << 22;

  private static final int TOKEN_LIMIT = 1 << 16;

  private final Path file;
  private final MemorySegment all;
  private final Arena arena;
  private final GgufMetadata metadata;
  private final Map<String, StoredTensor> tensors;

  private GgufFile(Path file, MemorySegment all, Arena arena) {
    this.file = file;
    this.all = all;
    this.arena = arena;
    Cursor in = new Cursor(file, all, 4);
    int version = in.i32("the version");
    if (version != 2 && version != 3) {
      throw new BadCheckpoint(
          file,
          4,
          Integer.reverseBytes(version) == 2 || Integer.reverseBytes(version) == 3
              ? "is big-endian GGUF; only little-endian is read"
              : "has GGUF version %s; 2 and 3 are read"
                  .formatted(Integer.toUnsignedString(version)));
    }
    long tensorCount = in.count(GgufTensors.LEAST_BYTES, "tensors");
    long pairs = in.count(13, "metadata keys"); // a key's length, a type, one byte of value
    this.metadata = new GgufMetadata(in);
    metadata.read(pairs);
    if (metadata.values().path("split.count").asLong(1) > 1) {
      throw new BadCheckpoint(
          file,
          -1,
          "is one part of a split GGUF (split.count); join the parts with llama-gguf-split --merge");
    }
    this.tensors = new GgufTensors(file, all, in).read(tensorCount, alignment());
  }

  static GgufFile open(Path file, MemorySegment all, Arena arena) {
    return new GgufFile(file, all, arena);
  }

  /** 32 unless the file says otherwise. */
  private int alignment() {
    long alignment = 32;
    if (metadata.values().has("general.alignment")) {
      alignment = metadata.values().get("general.alignment").asLong(-1);
    }
    if (alignment < 1 || alignment > 1 << 20 || Long.bitCount(alignment) != 1) {
      throw new BadCheckpoint(
          file,
          -1,
          "general.alignment is %s; it must be a power of two of at most 1048576"
              .formatted(metadata.values().get("general.alignment")));
    }
    return (int) alignment;
  }

  @Override
  public Format format() {
    return Format.GGUF;
  }

  @Override
  public Path path() {
    return file;
  }

  @Override
  public ObjectNode metadata() {
    return metadata.values().deepCopy();
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public long bytes() {
    return all.byteSize();
  }

  /**
   * The length of an array of the metadata, however long.
   *
   * @param key of the metadata, as in tokenizer.ggml.tokens
   * @return number of elements; -1 when there is no such array
   */
  public long arrayLength(String key) {
    GgufMetadata.Array array = metadata.arrays().get(key);
    return array == null ? -1 : array.count();
  }

  /**
   * An array of strings (tokenizer.ggml.tokens, tokenizer.ggml.merges), decoded anew at each call;
   * empty when the file has no such key.
   *
   * @param key of the metadata, as in tokenizer.ggml.tokens
   * @return the strings by index; empty when the file has no such key
   * @throws BadCheckpoint if it holds something else, or more than four million elements
   */
  public Optional<String[]> strings(String key) {
    return find(key, GgufType.STRING, "strings")
        .map(
            a -> {
              Cursor in = new Cursor(file, all, a.offset());
              String what = "an element of " + key;
              String[] out = new String[(int) a.count()];
              for (int i = 0; i < out.length; i++) {
                out[i] = in.string(TOKEN_LIMIT, what);
              }
              return out;
            });
  }

  /**
   * Where some strings stand in an array of them; the others are stepped over, which takes a small
   * part of the time of {@link #strings}.
   *
   * @param key of the metadata, as in tokenizer.ggml.tokens
   * @param wanted none of them empty
   * @return the places of those that are there, ascending; empty when the file has no such key
   * @throws BadCheckpoint if it holds something else, or more than four million elements
   */
  Map<String, SortedSet<Integer>> places(String key, Set<String> wanted) {
    Map<String, SortedSet<Integer>> places = new HashMap<>();
    GgufMetadata.Array array = find(key, GgufType.STRING, "strings").orElse(null);
    if (array == null) {
      return places;
    }
    String what = "an element of " + key;
    int longest = 0;
    BitSet beginnings = new BitSet(256);
    for (String string : wanted) {
      byte[] utf8 = string.getBytes(StandardCharsets.UTF_8);
      longest = Math.max(longest, utf8.length);
      beginnings.set(utf8[0] & 255);
    }
    Cursor in = new Cursor(file, all, array.offset());
    for (int i = 0; i < array.count(); i++) {
      String string = in.string(longest, beginnings, what);
      if (string != null && wanted.contains(string)) {
        places.computeIfAbsent(string, _ -> new TreeSet<>()).add(i);
      }
    }
    return places;
  }

  /**
   * An array of F32 (tokenizer.ggml.scores); the rest as {@link #strings}.
   *
   * @param key of the metadata, as in tokenizer.ggml.tokens
   * @return the numbers by index; empty when the file has no such key
   */
  public Optional<float[]> floats(String key) {
    return find(key, GgufType.F32, "32-bit floats")
        .map(
            a -> {
              Cursor in = new Cursor(file, all, a.offset());
              float[] out = new float[(int) a.count()];
              for (int i = 0; i < out.length; i++) {
                out[i] = Float.intBitsToFloat(in.i32(key));
              }
              return out;
            });
  }

  /**
   * An array of I32 or U32 (tokenizer.ggml.token_type); the rest as {@link #strings}.
   *
   * @param key of the metadata, as in tokenizer.ggml.tokens
   * @return the numbers by index; empty when the file has no such key
   */
  public Optional<int[]> ints(String key) {
    GgufMetadata.Array found = metadata.arrays().get(key);
    int type = found != null && found.type() == GgufType.U32 ? GgufType.U32 : GgufType.I32;
    return find(key, type, "32-bit integers")
        .map(
            a -> {
              Cursor in = new Cursor(file, all, a.offset());
              int[] out = new int[(int) a.count()];
              for (int i = 0; i < out.length; i++) {
                out[i] = in.i32(key);
              }
              return out;
            });
  }

  private Optional<GgufMetadata.Array> find(String key, int type, String what) {
    GgufMetadata.Array array = metadata.arrays().get(key);
    if (array == null) {
      if (metadata.values().has(key)) {
        throw new BadCheckpoint(file, -1, "%s must be an array of %s".formatted(key, what));
      }
      return Optional.empty();
    }
    if (array.type() != type) {
      throw new BadCheckpoint(
          file, array.offset(), "%s must be an array of %s".formatted(key, what));
    }
    if (array.count() > ARRAY_LIMIT) {
      throw new BadCheckpoint(
          file,
          array.offset(),
          "%s has %s elements; at most %s are read".formatted(key, array.count(), ARRAY_LIMIT));
    }
    return Optional.of(array);
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
