package org.mixtureofmasks.checkpoint;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * Thousands of damaged files of each format: every one is a model whose every element can be read,
 * or one BadCheckpoint, in memory bounded by a constant.
 */
@Timeout(120)
class HeaderFuzzTest {
  private static final int ROUNDS = 5000;

  /** The files have at most some 20 kB; a JSON parser and its buffers cost about 100 kB. */
  private static final long ALLOCATION_LIMIT = 4L << 20;

  private static final long[] EDGES = {
    0,
    1,
    -1,
    7,
    31,
    32,
    255,
    256,
    65_535,
    1 << 20,
    Integer.MAX_VALUE,
    1L << 31,
    1L << 32,
    1L << 61,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE - 31
  };
  private static final String[] SNIPPETS = {
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "-1",
    "0",
    "1e999",
    "9223372036854775807",
    "18446744073709551616",
    "null",
    "true",
    "\\u0000",
    "\\ud800",
    "{\"a\":",
    "\"dtype\":\"F32\",",
    "\"shape\":[4294967296,4294967296],",
    "\"data_offsets\":[0,0],",
    "__metadata__",
    "\u00e9",
    " "
  };

  @TempDir Path folder;
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void damagedSafetensorsAreModelsOrRefused() {
    String header =
        "{'__metadata__':{'k':'v'},'a':{'dtype':'F32','shape':[2,3],'data_offsets':[0,24]},"
            + "'b':{'dtype':'BF16','shape':[4],'data_offsets':[24,32]},"
            + "'c':{'dtype':'U8','shape':[],'data_offsets':[32,33]}}";
    byte[] valid = Bytes.safetensors(header.replace('\'', '"'), 33);
    readSafetensors(valid);
    int refused = 0;
    Random random = new Random(1);
    for (int i = 0; i < ROUNDS; i++) {
      byte[] bytes = mutated(valid, valid.length - 33, random);
      if (i % 2 == 0 && bytes.length >= 8) { // half with a length that fits, to reach the JSON
        ByteBuffer.wrap(bytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(0, Math.max(0, bytes.length - 41));
      }
      refused += refused(() -> readSafetensors(bytes), i);
    }
    assertBothHappen(refused, ROUNDS);
  }

  @Test
  void damagedGgufFilesAreModelsOrRefused() {
    byte[] valid = GgufFileTest.valid(3);
    refusedOf(valid, valid.length - 130, GgufFile::open);
  }

  /** A type more or less in the header is another size of block: all of them are near here. */
  @Test
  void damagedGgufFilesOfSuperBlocksAreModelsOrRefused() {
    GgufWriter w = GgufWriter.of(3, 3, 0);
    w.tensor("a", 12, 0, 256, 1).tensor("b", 14, 160, 512).tensor("c", 20, 608, 32, 8);
    byte[] valid = w.pad(32).zeros(608 + 144).build();
    refusedOf(valid, valid.length - 752, GgufFile::open);
  }

  @Test
  void damagedLlama2cFilesAreModelsOrRefused() {
    byte[] small = new byte[28 + 4 * 156];
    ByteBuffer fields = ByteBuffer.wrap(small).order(ByteOrder.LITTLE_ENDIAN);
    for (int f : new int[] {4, 5, 1, 2, 1, -3, 6}) {
      fields.putInt(f);
    }
    refusedOf(small, 28, Llama2cFile::open);
  }

  @Test
  void damagedConfigsAndIndexesAreModelsOrRefused() {
    byte[] config =
        "{\"model_type\":\"llama\",\"hidden_size\":64,\"eos_token_id\":[1,2],\"rope\":{\"a\":1.5}}"
            .getBytes(StandardCharsets.UTF_8);
    byte[] index =
        "{\"metadata\":{\"total_size\":8},\"weight_map\":{\"a\":\"m.safetensors\"}}"
            .getBytes(StandardCharsets.UTF_8);
    Bytes.file(
        folder.resolve("m.safetensors"),
        Bytes.safetensors("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8));
    Random random = new Random(4);
    int refused = 0;
    for (int i = 0; i < ROUNDS / 5; i++) {
      boolean first = i % 2 == 0;
      Bytes.file(
          folder.resolve("config.json"), first ? mutated(config, config.length, random) : config);
      Bytes.file(
          folder.resolve("model.safetensors.index.json"),
          first ? index : mutated(index, index.length, random));
      refused += refused(() -> readAll(Checkpoints.open(folder, Arena.ofConfined())), i);
    }
    assertBothHappen(refused, ROUNDS / 5);
  }

  /** How a format is opened; here on bytes in memory, which disks do not slow down. */
  private interface Opening {
    Checkpoint open(Path name, MemorySegment bytes, Arena arena);
  }

  private void refusedOf(byte[] valid, int headerBytes, Opening opening) {
    readAll(valid, opening);
    Random random = new Random(2);
    int refused = 0;
    for (int i = 0; i < ROUNDS; i++) {
      byte[] bytes = mutated(valid, headerBytes, random);
      refused += refused(() -> readAll(bytes, opening), i);
    }
    assertTrue(refused > ROUNDS / 4, refused + " were refused");
  }

  private static void assertBothHappen(int refused, int rounds) {
    assertTrue(refused > rounds / 4 && refused < rounds, refused + " were refused");
  }

  /** 1 if a BadCheckpoint came; anything else that comes fails the test. */
  private int refused(Runnable reading, int round) {
    long before = threads.getCurrentThreadAllocatedBytes();
    int refused = 0;
    try {
      reading.run();
    } catch (BadCheckpoint e) {
      refused = 1;
      assertTrue(e.getMessage().indexOf('\n') < 0, "more than one line: " + e.getMessage());
    } catch (RuntimeException | Error e) {
      throw new AssertionError("round " + round, e);
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    // The first rounds load classes and link the messages of errors.
    assertTrue(
        round < 300 || allocated < ALLOCATION_LIMIT, "round " + round + " allocated " + allocated);
    return refused;
  }

  private static void readAll(byte[] bytes, Opening opening) {
    readAll(opening.open(Path.of("fuzz"), MemorySegment.ofArray(bytes), Arena.ofConfined()));
  }

  private static void readSafetensors(byte[] bytes) {
    SafetensorsFile.read(Path.of("fuzz"), MemorySegment.ofArray(bytes), null)
        .tensors()
        .values()
        .forEach(HeaderFuzzTest::readAll);
  }

  private static void readAll(Checkpoint opened) {
    try (Checkpoint checkpoint = opened) {
      checkpoint.metadata();
      checkpoint.tensors().values().forEach(HeaderFuzzTest::readAll);
      if (checkpoint instanceof GgufFile gguf) {
        gguf.strings("strings");
        gguf.ints("long");
        gguf.floats("scores");
      }
    }
  }

  private static void readAll(StoredTensor tensor) {
    if (tensor.dtype().blockSize() > 1 || tensor.dtype().name().contains("F")) {
      Elements.toFloats(tensor);
    } else {
      Elements.toInts(tensor);
    }
  }

  /** One to four damages within the header; one time in ten the file is cut as well. */
  private static byte[] mutated(byte[] valid, int headerBytes, Random random) {
    byte[] bytes = valid.clone();
    for (int n = random.nextInt(1, 5); n > 0; n--) {
      int at = random.nextInt(Math.min(headerBytes, bytes.length));
      bytes =
          switch (random.nextInt(6)) {
            case 0 -> replaced(bytes, at, 1, new byte[] {(byte) random.nextInt()});
            case 1 ->
                replaced(bytes, at, 1, new byte[] {(byte) (bytes[at] ^ 1 << random.nextInt(8))});
            case 2 -> {
              byte[] edge =
                  ByteBuffer.allocate(8)
                      .order(ByteOrder.LITTLE_ENDIAN)
                      .putLong(EDGES[random.nextInt(EDGES.length)])
                      .array();
              int width = random.nextBoolean() ? 8 : 4;
              int aligned = at / 4 * 4;
              yield replaced(bytes, aligned, width, java.util.Arrays.copyOf(edge, width));
            }
            case 3 -> replaced(bytes, at, random.nextInt(8), new byte[0]);
            case 4 -> { // a stretch of the header again, which makes duplicates
              int from = random.nextInt(Math.min(headerBytes, bytes.length));
              int to = Math.min(bytes.length, from + random.nextInt(64));
              yield replaced(bytes, at, 0, java.util.Arrays.copyOfRange(bytes, from, to));
            }
            default ->
                replaced(
                    bytes,
                    at,
                    random.nextInt(3),
                    SNIPPETS[random.nextInt(SNIPPETS.length)].getBytes(StandardCharsets.UTF_8));
          };
    }
    return random.nextInt(10) == 0
        ? java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length))
        : bytes;
  }

  private static byte[] replaced(byte[] bytes, int at, int length, byte[] with) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, Math.min(at, bytes.length));
    out.writeBytes(with);
    int rest = Math.min(bytes.length, at + length);
    out.write(bytes, rest, bytes.length - rest);
    return out.toByteArray();
  }
}
