package org.mixtureofmasks.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.io.BadCheckpoint;

class SafetensorsFileTest {
  @TempDir Path folder;

  /** One row per rule: header (quotes as '), bytes of data, what the refusal says. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]} | 8 | not valid JSON
          {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}{} | 8 | something follows
          {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'a':{'dtype':'F32','shape':[2],'data_offsets':[8,16]}} | 16 | Duplicate field 'a'
          {'a':{'dtype':'F32','dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 8 | Duplicate field 'dtype'
          {'__metadata__':{'k':'v','k':'w'}} | 0 | Duplicate field 'k'
          {'__metadata__':{},'__metadata__':{}} | 0 | Duplicate field '__metadata__'
          {'__metadata__':{'k':1}} | 0 | __metadata__.k must be a string
          {'__metadata__':['k']} | 0 | must map strings to strings
          [] | 0 | must begin with '{'
          ~ {}~ | 0 | must begin with '{'
          {'a':7} | 0 | must be described by an object
          {'a':{'dtype':'F33','shape':[2],'data_offsets':[0,8]}} | 8 | has dtype 'F33'
          {'a':{'dtype':'Q8_0','shape':[32],'data_offsets':[0,34]}} | 34 | has dtype 'Q8_0'
          {'a':{'dtype':4,'shape':[2],'data_offsets':[0,8]}} | 8 | dtype must be a string
          {'a':{'shape':[2],'data_offsets':[0,8]}} | 8 | needs dtype, shape and two data_offsets
          {'a':{'dtype':'F32','data_offsets':[0,8]}} | 8 | needs dtype, shape and two data_offsets
          {'a':{'dtype':'F32','shape':[2]}} | 8 | needs dtype, shape and two data_offsets
          {'a':{'dtype':'F32','shape':[2],'data_offsets':[8]}} | 8 | needs dtype, shape and two data_offsets
          {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4,8]}} | 8 | more than 2 numbers
          {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8],'strides':[1]}} | 8 | unknown member 'strides'
          {'a':{'dtype':'F32','shape':2,'data_offsets':[0,8]}} | 8 | shape must be an array
          {'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}} | 8 | must hold integers
          {'a':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}} | 8 | negative
          {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,99999999999999999999]}} | 8 | out of range
          {'a':{'dtype':'F32','shape':[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],'data_offsets':[0,8]}} | 8 | more than 16 numbers
          {'a':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} | 8 | does not fill
          {'a':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}} | 8 | does not fill
          {'a':{'dtype':'F32','shape':[4611686018427387904],'data_offsets':[0,0]}} | 0 | overflows
          {'a':{'dtype':'U8','shape':[4294967296,4294967296],'data_offsets':[0,0]}} | 0 | overflows
          {'a':{'dtype':'F32','shape':[2],'data_offsets':[4,12]}} | 12 | leaves a hole
          {'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'U8','shape':[4],'data_offsets':[5,9]}} | 9 | 'b' leaves a hole
          {'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'U8','shape':[4],'data_offsets':[3,7]}} | 7 | 'b' overlaps
          {'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}} | 4 | 'b' overlaps
          {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 7 | is truncated: tensor 'a' ends at byte 70
          {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 9 | 1 bytes follow the last tensor
          {} | 1 | 1 bytes follow the last tensor
          """)
  void aBrokenRuleIsRefusedWithItsReason(String header, int data, String reason) {
    byte[] bytes = Bytes.safetensors(header.replace('\'', '"'), data);
    String message = refusal(bytes);
    assertTrue(message.contains(reason), message);
    assertTrue(message.startsWith(folder.toString()) && !message.contains("\n"), message);
    assertTrue(message.contains("(byte "), message);
  }

  @Test
  void theOffsetOfADuplicateIsWhereItStands() {
    String first = "{\"__metadata__\":{\"k\":\"größer 😀\",";
    Path file =
        Bytes.file(folder.resolve("d.safetensors"), Bytes.safetensors(first + "\"k\":\"w\"}}", 0));
    BadCheckpoint e = assertThrows(BadCheckpoint.class, () -> SafetensorsFile.open(file));
    long key = 8 + first.getBytes(StandardCharsets.UTF_8).length;
    assertTrue(e.offset() >= key && e.offset() <= key + 4, e.getMessage());
  }

  @Test
  void moreEntriesThanAnyModelHasAreRefused() {
    StringBuilder keys = new StringBuilder("{\"__metadata__\":{\"k\":\"\"");
    StringBuilder tensors = new StringBuilder("{\"t\":");
    String empty = "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
    tensors.append(empty);
    for (int i = 1; i <= SafetensorsHeader.TENSOR_LIMIT; i++) {
      keys.append(",\"").append(i).append("\":\"\"");
      tensors.append(",\"").append(i).append("\":").append(empty);
    }
    String tooMany = refusal(Bytes.safetensors(keys + "}}", 0));
    assertTrue(tooMany.contains("__metadata__ has more than 65536 strings"), tooMany);
    tooMany = refusal(Bytes.safetensors(tensors + "}", 0));
    assertTrue(tooMany.contains("has more than 262144 tensors"), tooMany);
    String text = "{\"__metadata__\":{\"k\":\"" + "x".repeat(17 << 20) + "\"}}";
    assertTrue(refusal(Bytes.safetensors(text, 0)).contains("or 16777216 characters"));
  }

  /** Overlong '/', a lone surrogate, a cut sequence, a byte that never occurs. */
  @ParameterizedTest
  @ValueSource(strings = {"c0af", "eda080", "e282", "ff"})
  void malformedUtf8IsRefused(String hex) {
    byte[] inner = java.util.HexFormat.of().parseHex(hex);
    byte[] header =
        ByteBuffer.allocate(40)
            .put("{\"__metadata__\":{\"k\":\"".getBytes(StandardCharsets.UTF_8))
            .put(inner)
            .put("\"}}".getBytes(StandardCharsets.UTF_8))
            .array();
    java.util.Arrays.fill(header, 25 + inner.length, header.length, (byte) ' ');
    assertTrue(refusal(Bytes.safetensors(header, 0)).contains("(byte 30): is not valid UTF-8"));
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 31, 99_999_999L, 9, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0})
  void aHeaderLongerThanItsFileIsRefusedWithoutAllocation(long claim) {
    byte[] bytes =
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(claim)
            .put((byte) '{')
            .array();
    Path file = Bytes.file(folder.resolve("small.safetensors"), bytes);
    assertThrows(BadCheckpoint.class, () -> SafetensorsFile.open(file)); // loads the classes
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThrows(BadCheckpoint.class, () -> SafetensorsFile.open(file));
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < 64 << 10, allocated + " bytes were allocated");
  }

  @Test
  void aFileShorterThanItsLengthFieldIsRefused() {
    for (int n = 0; n < 8; n++) {
      assertTrue(refusal(new byte[n]).contains("has " + n + " bytes"));
    }
  }

  @Test
  void aFileOfTheReferenceLibraryIsRead() {
    Path path =
        Bytes.file(folder.resolve("r.safetensors"), Bytes.resource("reference.safetensors"));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(Map.of("made_by", "safetensors 0.8.0"), file.metadata());
      StoredTensor b = file.tensor("b.f32");
      assertEquals(List.of(2L, 3L), b.shape());
      assertArrayEquals(
          new float[] {0, 1 / 7f, 2 / 7f, 3 / 7f, 4 / 7f, 5 / 7f}, Elements.toFloats(b));
      assertArrayEquals(
          new float[] {1.5f, -2, Float.POSITIVE_INFINITY},
          Elements.toFloats(file.tensor("a.bf16")));
      assertEquals(List.of(), file.tensor("scalar").shape());
      assertArrayEquals(new float[] {2.5f}, Elements.toFloats(file.tensor("scalar")));
      assertEquals(List.of(0L, 4L), file.tensor("empty").shape());
      assertEquals(0, Elements.toFloats(file.tensor("empty")).length);
      assertArrayEquals(new int[] {0, 255, 3}, Elements.toInts(file.tensor("u8")));
      assertArrayEquals(new int[] {1, 0}, Elements.toInts(file.tensor("flag")));
      BadCheckpoint tooLarge =
          assertThrows(BadCheckpoint.class, () -> Elements.toInts(file.tensor("i64")));
      assertTrue(tooLarge.getMessage().contains("1099511627776"), tooLarge.getMessage());
      BadCheckpoint absent = assertThrows(BadCheckpoint.class, () -> file.tensor("b.f23"));
      assertTrue(absent.getMessage().contains("did you mean 'b.f32'"), absent.getMessage());
    }
  }

  @Test
  void aClosedFileIsNoLongerReadable() {
    Path path =
        Bytes.file(folder.resolve("r.safetensors"), Bytes.resource("reference.safetensors"));
    SafetensorsFile file = SafetensorsFile.open(path);
    StoredTensor tensor = file.tensor("b.f32");
    file.close();
    file.close();
    assertThrows(IllegalStateException.class, () -> Elements.toFloats(tensor));
  }

  private String refusal(byte[] bytes) {
    Path file = Bytes.file(folder.resolve("bad.safetensors"), bytes);
    return assertThrows(BadCheckpoint.class, () -> SafetensorsFile.open(file)).getMessage();
  }
}
