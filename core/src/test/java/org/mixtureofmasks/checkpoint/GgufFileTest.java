package org.mixtureofmasks.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.mixtureofmasks.io.BadCheckpoint;

class GgufFileTest {
  @Test
  void everyTypeOfValueIsRead() {
    try (GgufFile file = open(valid(3))) {
      JsonNode m = file.metadata();
      assertEquals(200, m.get("u8").asInt());
      assertEquals(-56, m.get("i8").asInt());
      assertEquals(65_535, m.get("u16").asInt());
      assertEquals(-1, m.get("i16").asInt());
      assertEquals(0xffff_ffffL, m.get("u32").asLong());
      assertEquals(-1, m.get("i32").asInt());
      assertEquals(1e-5f, m.get("f32").floatValue());
      assertTrue(m.get("yes").booleanValue());
      assertEquals("größer\n", m.get("text").textValue());
      assertEquals(new BigInteger("18446744073709551615"), m.get("u64").bigIntegerValue());
      assertEquals(-1, m.get("i64").asLong());
      assertEquals(Math.PI, m.get("f64").doubleValue());
      assertEquals("[[1,2],[]]", m.get("nested").toString());
      assertEquals("[\"a\",\"\"]", m.get("strings").toString());
      assertArrayEquals(new String[] {"a", ""}, file.strings("strings").orElseThrow());
      assertFalse(m.has("long"), "an array of 1,025 elements stays out of the object");
      assertEquals(1025, file.arrayLength("long"));
      assertEquals(1024, file.ints("long").orElseThrow()[1024]);
      assertArrayEquals(new float[] {0.5f}, file.floats("scores").orElseThrow());
      assertTrue(file.floats("absent").isEmpty());
      for (String key : List.of("scores", "text")) {
        assertThrows(BadCheckpoint.class, () -> file.strings(key));
      }
    }
  }

  @Test
  void tensorsAreTurnedRoundAndFoundInTheirPlaces() {
    for (int version : new int[] {2, 3}) {
      try (GgufFile file = open(valid(version))) {
        assertEquals(List.of("a", "b", "c"), List.copyOf(file.tensors().keySet()));
        StoredTensor b = file.tensors().get("b");
        assertEquals(List.of(2L, 32L), b.shape());
        assertEquals(DType.Q8_0, b.dtype());
        assertEquals(68, b.data().byteSize());
        assertEquals(0, b.offset() % 32);
        assertArrayEquals(new float[] {7}, Elements.toFloats(file.tensors().get("c")));
      }
    }
  }

  /** Three tensors and one value of each type. */
  static byte[] valid(int version) {
    GgufWriter w = GgufWriter.of(version, 3, 16);
    w.key("u8", 0).bytes((byte) 200).key("i8", 1).bytes((byte) 200);
    w.key("u16", 2).i16(-1).key("i16", 3).i16(-1);
    w.key("u32", 4).i32(-1).key("i32", 5).i32(-1);
    w.key("f32", 6).i32(Float.floatToIntBits(1e-5f)).key("yes", 7).bytes((byte) 1);
    w.key("text", 8).string("größer\n");
    w.key("u64", 10).i64(-1).key("i64", 11).i64(-1);
    w.key("f64", 12).i64(Double.doubleToLongBits(Math.PI));
    w.array("nested", 9, 2).i32(5).i64(2).i32(1).i32(2).i32(8).i64(0);
    w.array("strings", 8, 2).string("a").string("");
    w.array("long", 5, 1025);
    for (int i = 0; i < 1025; i++) {
      w.i32(i);
    }
    w.array("scores", 6, 1).i32(Float.floatToIntBits(0.5f));
    w.tensor("b", 8, 32, 32, 2).tensor("a", 0, 0, 3).tensor("c", 1, 128);
    return w.pad(32).zeros(32).zeros(68).zeros(28).i16(0x4700).build(); // 7 in half precision
  }

  /** A file with one F32 tensor of 8 elements, its description given by the test. */
  private static GgufWriter oneTensor() {
    return GgufWriter.of(3, 1, 0);
  }

  /** A file with one key and no tensor. */
  private static GgufWriter oneKey() {
    return GgufWriter.of(3, 0, 1);
  }

  static Stream<Arguments> refusals() {
    GgufWriter deep = oneKey().array("k", 9, 1);
    for (int i = 0; i < 6; i++) {
      deep.i32(9).i64(1);
    }
    return Stream.of(
        row("the version", new GgufWriter().raw("GGUF")),
        row("has GGUF version 1;", GgufWriter.of(1, 0, 0)),
        row("has GGUF version 4294967295;", GgufWriter.of(-1, 0, 0)),
        row("is big-endian", GgufWriter.of(3 << 24, 0, 0)),
        row("claims 9223372036854775807 tensors", GgufWriter.of(3, Long.MAX_VALUE, 0)),
        row("claims 18446744073709551615 tensors", GgufWriter.of(3, -1, 0)),
        row("claims 9223372036854775807 metadata keys", GgufWriter.of(3, 0, Long.MAX_VALUE)),
        row("at most 65536", GgufWriter.of(3, 0, 65_537).zeros(13 * 65_537)),
        row("at most 262144", GgufWriter.of(3, 262_145, 0).zeros(24 * 262_145)),
        row("a metadata key claims 18446744073709551615", oneKey().i64(-1).zeros(8)),
        row("a metadata key claims 65536", oneKey().i64(65_536).zeros(65_600)),
        row("a metadata key is not valid UTF-8", oneKey().i64(1).bytes((byte) 255).zeros(9)),
        row("the metadata key 'k' occurs twice", two("k", "k")),
        row("unknown value type 13", oneKey().key("k", 13).zeros(8)),
        row("unknown value type -1", oneKey().key("k", -1).zeros(8)),
        row("must be 0 or 1, not 2", oneKey().key("k", 7).bytes((byte) 2)),
        row("k claims 9223372036854775807", oneKey().key("k", 8).i64(Long.MAX_VALUE)),
        row("k claims 2", oneKey().key("k", 8).i64(2).bytes((byte) 'x')),
        row("elements of the unknown type 99", oneKey().array("k", 99, 0)),
        row("array elements, more than", oneKey().array("k", 0, Long.MAX_VALUE)),
        row("array elements, more than", oneKey().array("k", 0, -1)),
        row("array elements, more than", oneKey().array("k", 8, 1L << 60).zeros(64)),
        row("array elements, more than", oneKey().array("k", 4, 1L << 62).zeros(64)),
        row("a string would take", oneKey().array("k", 8, 1025).zeros(8 * 1024).i64(-8)),
        row("lie more than 4 deep", deep),
        row("more than 1048576 metadata values", manyShortArrays()),
        row("general.alignment is 0", oneKey().key("general.alignment", 4).i32(0)),
        row("general.alignment is 48", oneKey().key("general.alignment", 4).i32(48)),
        row("general.alignment is 2147483648", oneKey().key("general.alignment", 4).i32(1 << 31)),
        row("general.alignment is \"x\"", oneKey().key("general.alignment", 8).string("x")),
        row("one part of a split GGUF", oneKey().key("split.count", 2).i16(2)),
        row("the name of a tensor claims", oneTensor().i64(1025).zeros(2000)),
        row("claims 5 dimensions", oneTensor().tensor("t", 0, 0, 1, 1, 1, 1, 1)),
        row("claims 4294967295 dimensions", oneTensor().string("t").i32(-1).zeros(20)),
        row("the dimension 18446744073709551615", oneTensor().tensor("t", 0, 0, -1)),
        row("overflows", oneTensor().tensor("t", 0, 0, 1L << 32, 1L << 32)),
        row("overflows", oneTensor().tensor("t", 0, 0, 1L << 62)),
        row("overflows", oneTensor().tensor("t", 8, 0, 32, 1L << 59)),
        row(
            "rows of 33 do not divide into blocks of 32, as Q8_0",
            oneTensor().tensor("t", 8, 0, 33, 32)),
        row(
            "rows of 576 do not divide into blocks of 256, as Q4_K",
            oneTensor().tensor("t", 12, 0, 576, 2)),
        row("has type IQ2_XXS; supported are F32", oneTensor().tensor("t", 16, 0, 256)),
        row("has type number 4;", oneTensor().tensor("t", 4, 0, 256)),
        row("has type number 4294967295;", oneTensor().tensor("t", -1, 0, 256)),
        row("begins at 4, not a multiple", oneTensor().tensor("t", 0, 4, 8).pad(32).zeros(36)),
        row("begins at 18446744073709551584", oneTensor().tensor("t", 0, -32, 8)),
        row("leaves a hole before it", oneTensor().tensor("t", 0, 32, 8).pad(32).zeros(64)),
        row("leaves a hole", oneTensor().tensor("t", 0, 0x7fffffffffffffe0L, 8).zeros(64)),
        row("is truncated: tensor 't'", oneTensor().tensor("t", 0, 0, 8).pad(32).zeros(31)),
        row("is truncated: tensor 't'", oneTensor().tensor("t", 0, 0, 1L << 60).pad(32)),
        row("is truncated: tensor 't'", oneTensor().tensor("t", 0, 0, 0)),
        row(
            "'t' occurs twice",
            GgufWriter.of(3, 2, 0).tensor("t", 0, 0, 8).tensor("t", 0, 32, 8).pad(32).zeros(64)),
        row(
            "'u' overlaps the one before",
            GgufWriter.of(3, 2, 0).tensor("t", 0, 0, 16).tensor("u", 0, 32, 8).pad(32).zeros(64)));
  }

  @Test
  void whatFollowsTheLastTensorIsPadding() {
    byte[] padded = oneTensor().tensor("t", 0, 0, 8).pad(32).zeros(32 + 4096).build();
    try (GgufFile file = open(padded)) {
      assertEquals(32, file.tensors().get("t").data().byteSize());
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusals")
  void aBrokenRuleIsRefusedWithItsReason(String reason, byte[] bytes) {
    refused(reason, bytes);
  }

  /** Two rows of two blocks: rows that are one element short or long, and data one byte short. */
  @ParameterizedTest
  @EnumSource(names = "I?Q\\d.*", mode = EnumSource.Mode.MATCH_ALL)
  void brokenBlocksAndMissingBytesAreRefusedInEveryType(DType dtype) {
    int number =
        GgufType.TENSOR_TYPES.entrySet().stream()
            .filter(e -> e.getValue() == dtype)
            .findAny()
            .orElseThrow()
            .getKey();
    int row = 2 * dtype.blockSize();
    int bytes = 4 * dtype.blockBytes();
    try (GgufFile file = open(blocks(number, row, bytes))) {
      StoredTensor t = file.tensors().get("t");
      assertEquals(dtype, t.dtype());
      assertEquals(bytes, t.data().byteSize());
      assertEquals(2 * row, Elements.toFloats(t).length);
    }
    for (int wrong : new int[] {row - 1, row + 1, row / 2 + 8}) {
      refused(
          "tensor 't': rows of %d do not divide into blocks of %d, as %s"
              .formatted(wrong, dtype.blockSize(), dtype),
          blocks(number, wrong, bytes));
    }
    refused(
        "is truncated: tensor 't' needs %d bytes".formatted(bytes), blocks(number, row, bytes - 1));
  }

  private static byte[] blocks(int type, int columns, int bytes) {
    return oneTensor().tensor("t", type, 0, columns, 2).pad(32).zeros(bytes).build();
  }

  private static void refused(String reason, byte[] bytes) {
    BadCheckpoint error = assertThrows(BadCheckpoint.class, () -> open(bytes).close());
    assertTrue(error.getMessage().contains(reason), error.getMessage());
    assertFalse(error.getMessage().contains("\n"), error.getMessage());
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] whole = valid(3);
    for (int n = 0; n < whole.length; n++) {
      byte[] cut = java.util.Arrays.copyOf(whole, n);
      assertThrows(BadCheckpoint.class, () -> open(cut).close(), n + " bytes");
    }
  }

  private static Arguments row(String reason, GgufWriter writer) {
    return Arguments.of(reason, writer.build());
  }

  private static GgufWriter two(String a, String b) {
    return GgufWriter.of(3, 0, 2).key(a, 0).bytes((byte) 0).key(b, 0).bytes((byte) 0);
  }

  /** A megabyte of one-byte values would become objects of many times that. */
  private static GgufWriter manyShortArrays() {
    GgufWriter w = GgufWriter.of(3, 0, 1025);
    for (int i = 0; i < 1025; i++) {
      w.array("k" + i, 0, 1024).zeros(1024);
    }
    return w;
  }

  private static GgufFile open(byte[] bytes) {
    return GgufFile.open(Path.of("t.gguf"), MemorySegment.ofArray(bytes), Arena.ofConfined());
  }
}
