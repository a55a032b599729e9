package org.mixtureofmasks.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.Json;

/**
 * A llama2.c file with the legacy header: seven int32, then fp32 weights in the order of run.c's
 * memory_map_weights. It has no magic, so the file's size has to fit the header to the byte.
 */
final class Llama2cFile implements Checkpoint {
  private static final int HEADER_BYTES = 28;

  /** No dimension of a real model comes near it; products of four still fit a long. */
  private static final int DIMENSION_LIMIT = 1 << 24;

  private static final int LAYER_LIMIT = 4096;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final String[] FIELDS = {
    "dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len"
  };

  private final Path file;
  private final Arena arena;
  private final ObjectNode metadata;
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
  private final MemorySegment all;
  private long next = HEADER_BYTES;

  private Llama2cFile(Path file, MemorySegment all, Arena arena) {
    this.file = file;
    this.all = all;
    this.arena = arena;
    this.metadata = Json.object();
  }

  static Llama2cFile open(Path file, MemorySegment all, Arena arena) {
    Llama2cFile opened = new Llama2cFile(file, all, arena);
    opened.read();
    return opened;
  }

  private void read() {
    if (all.byteSize() < HEADER_BYTES) {
      throw new BadCheckpoint(
          file,
          0,
          "has %s bytes: too short for any model that is read here".formatted(all.byteSize()));
    }
    for (int i = 0; i < FIELDS.length; i++) {
      metadata.put(FIELDS[i], all.get(INT, 4L * i));
    }
    long dim = positive(0, DIMENSION_LIMIT);
    long hidden = positive(1, DIMENSION_LIMIT);
    long layers = positive(2, LAYER_LIMIT);
    long heads = positive(3, DIMENSION_LIMIT);
    long kvHeads = positive(4, DIMENSION_LIMIT);
    // A negative vocabulary says that the classifier is a matrix of its own.
    boolean ownClassifier = all.get(INT, 20) < 0;
    long vocab = positive(5, DIMENSION_LIMIT);
    long positions = positive(6, DIMENSION_LIMIT);
    if (dim % heads != 0 || heads % kvHeads != 0 || dim / heads % 2 != 0) {
      throw unrecognised(
          12, "dim " + dim + ", n_heads " + heads + " and n_kv_heads " + kvHeads + " do not fit");
    }
    long head = dim / heads;
    long kvDim = head * kvHeads;
    take("token_embedding_table", vocab, dim);
    take("rms_att_weight", layers, dim);
    take("wq", layers, dim, dim);
    take("wk", layers, kvDim, dim);
    take("wv", layers, kvDim, dim);
    take("wo", layers, dim, dim);
    take("rms_ffn_weight", layers, dim);
    take("w1", layers, hidden, dim); // gate
    take("w2", layers, dim, hidden); // down
    take("w3", layers, hidden, dim); // up
    take("rms_final_weight", dim);
    // Tables of the rotary angles that older versions of run.c read and newer ones skip.
    take("freq_cis_real", positions, head / 2);
    take("freq_cis_imag", positions, head / 2);
    if (ownClassifier) {
      take("wcls", vocab, dim);
    }
    if (next != all.byteSize()) {
      throw new BadCheckpoint(
          file, next, "%s bytes follow the last tensor".formatted(all.byteSize() - next));
    }
  }

  private long positive(int field, long limit) {
    long value = all.get(INT, 4L * field);
    if (field == 5) {
      value = Math.abs(value);
    }
    if (value <= 0 || value > limit) {
      throw unrecognised(
          4L * field, FIELDS[field] + " would be " + value + ", outside 1 to " + limit);
    }
    return value;
  }

  private BadCheckpoint unrecognised(long offset, String reason) {
    return new BadCheckpoint(
        file,
        offset,
        ("is neither GGUF nor a llama2.c .bin file (%s); a Hugging Face model is given by"
                + " its folder")
            .formatted(reason));
  }

  private void take(String name, long... shape) {
    long bytes = Float.BYTES;
    List<Long> dimensions = Arrays.stream(shape).boxed().toList();
    try {
      for (long d : shape) {
        bytes = Math.multiplyExact(bytes, d);
      }
    } catch (ArithmeticException e) {
      throw unrecognised(0, "the size of " + name + " " + dimensions + " overflows");
    }
    if (bytes > all.byteSize() - next) {
      throw new BadCheckpoint(
          file,
          all.byteSize(),
          ("is truncated, or no llama2.c file: %s %s needs %s bytes from byte %s, the file"
                  + " has %s; fetch it again")
              .formatted(name, dimensions, bytes, next, all.byteSize()));
    }
    tensors.put(
        name, new StoredTensor(name, DType.F32, dimensions, all.asSlice(next, bytes), file, next));
    next += bytes;
  }

  @Override
  public Format format() {
    return Format.LLAMA2C;
  }

  @Override
  public Path path() {
    return file;
  }

  @Override
  public ObjectNode metadata() {
    return metadata.deepCopy();
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public long bytes() {
    return all.byteSize();
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
