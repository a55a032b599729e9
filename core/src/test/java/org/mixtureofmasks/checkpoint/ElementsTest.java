package org.mixtureofmasks.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.io.BadCheckpoint;

class ElementsTest {
  /** Raw blocks and what the gguf package of Python makes of them. */
  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1"})
  void valuesEqualPythonsDequantisationToTheBit(DType dtype) throws IOException {
    JsonNode reference =
        new ObjectMapper()
            .readTree(Bytes.resource("dequantised-blocks.json"))
            .get("types")
            .get(dtype.name());
    byte[] bytes = HexFormat.of().parseHex(reference.get("bytes").textValue());
    StoredTensor tensor = tensor(dtype, bytes, 2, 64);
    float[] all = Elements.toFloats(tensor);
    for (int i = 0; i < all.length; i++) {
      int expected = Integer.parseUnsignedInt(reference.get("floats").get(i).textValue(), 16);
      assertEquals(Float.intBitsToFloat(expected), all[i], "element " + i);
    }
    // Every run, within blocks and across them, is the same stretch of the whole.
    Random random = new Random(5);
    for (int n = 0; n < 200; n++) {
      int first = random.nextInt(129);
      int count = random.nextInt(129 - first);
      float[] out = new float[count + 2];
      Elements.copyTo(tensor, first, out, 1, count);
      assertArrayEquals(
          Arrays.copyOfRange(all, first, first + count), Arrays.copyOfRange(out, 1, count + 1));
      assertEquals(0, out[0] + out[count + 1], "nothing beside the run is touched");
    }
  }

  /** What ggml itself quantised, beside what Python's gguf package makes of it. */
  @ParameterizedTest
  @EnumSource(names = "I?Q\\d.*", mode = EnumSource.Mode.MATCH_ALL)
  void blocksThatGgmlMadeEqualPythonsDequantisationToTheBit(DType dtype) {
    Path file = TestFiles.resource("/org/mixtureofmasks/models/gguf-blocks.gguf");
    try (Checkpoint made = Checkpoints.open(file)) {
      StoredTensor stored = made.tensors().get(dtype + ".stored");
      assertEquals(dtype, stored.dtype());
      float[] expected = Elements.toFloats(made.tensors().get(dtype + ".floats"));
      assertArrayEquals(expected, Elements.toFloats(stored));
    }
  }

  @Test
  void runsOutsideTheTensorOrTheArrayAreRefused() {
    StoredTensor tensor = tensor(DType.F32, new byte[16], 4);
    float[] out = new float[4];
    for (long[] run : new long[][] {{-1, 0, 1}, {1, 0, 4}, {0, 1, 4}, {0, 0, -1}, {5, 0, 0}}) {
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> Elements.copyTo(tensor, run[0], out, (int) run[1], (int) run[2]));
    }
  }

  @Test
  void f64IsRoundedAndIntegersAreNotFloats() {
    byte[] pi = HexFormat.of().parseHex("182d4454fb210940");
    assertArrayEquals(new float[] {(float) Math.PI}, Elements.toFloats(tensor(DType.F64, pi, 1)));
    assertThrows(BadCheckpoint.class, () -> Elements.toFloats(tensor(DType.I64, pi, 1)));
    assertThrows(BadCheckpoint.class, () -> Elements.toInts(tensor(DType.F64, pi, 1)));
    byte[] bytes = {-1, -1};
    assertArrayEquals(new int[] {-1}, Elements.toInts(tensor(DType.I16, bytes, 1)));
    assertArrayEquals(new int[] {-1, -1}, Elements.toInts(tensor(DType.I8, bytes, 2)));
    assertArrayEquals(new int[] {255, 255}, Elements.toInts(tensor(DType.U8, bytes, 2)));
  }

  /** Against exact decimal arithmetic: no bfloat16 is nearer, and ties go to the even one. */
  @Test
  void bf16RoundsToTheNearestEven() {
    Random random = new Random(11);
    for (int n = 0; n < 20_000; n++) {
      int bits = n % 4 == 0 ? random.nextInt() & 0xffff8000 : random.nextInt(); // a quarter ties
      float x = Float.intBitsToFloat(bits);
      if (!Float.isFinite(x) || Math.abs(x) > 1e38f) {
        continue;
      }
      short rounded = Elements.bf16(x);
      BigDecimal error = distance(x, rounded);
      for (int step : new int[] {-1, 1}) {
        int compared = error.compareTo(distance(x, (short) (rounded + step)));
        assertTrue(compared < 0 || compared == 0 && (rounded & 1) == 0, x + " -> " + rounded);
      }
    }
    assertTrue(Float.isNaN(Elements.fromBf16(Elements.bf16(Float.intBitsToFloat(0x7f800001)))));
    assertEquals((short) 0x7f80, Elements.bf16(Float.MAX_VALUE));
    assertEquals((short) 0x8000, Elements.bf16(-0.0f));
  }

  private static BigDecimal distance(float x, short bf16) {
    float value = Elements.fromBf16(bf16);
    if (!Float.isFinite(value) || bf16 == (short) 0x7fff || bf16 == -1) {
      return BigDecimal.valueOf(1e300); // the neighbour of zero across the sign
    }
    return new BigDecimal(x).subtract(new BigDecimal(value)).abs();
  }

  private static StoredTensor tensor(DType dtype, byte[] bytes, long... shape) {
    List<Long> dimensions = Arrays.stream(shape).boxed().toList();
    return new StoredTensor(
        "t", dtype, dimensions, MemorySegment.ofArray(bytes), Path.of("file"), 0);
  }
}
