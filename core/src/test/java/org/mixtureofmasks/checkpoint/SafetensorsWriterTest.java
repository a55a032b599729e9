package org.mixtureofmasks.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Channels;
import org.mixtureofmasks.io.Fingerprint;

class SafetensorsWriterTest {
  @TempDir Path folder;

  @ParameterizedTest
  // But for GGUF's, and those that stand for two tensors, weights and scales.
  @EnumSource(names = "I?Q\\d.*|INT\\d", mode = EnumSource.Mode.MATCH_NONE)
  void everyTypeComesBackByteForByte(DType dtype) {
    byte[] bytes = new byte[3 * 5 * dtype.blockBytes()];
    new Random(3).nextBytes(bytes);
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    tensors.put("flag", TensorSource.ofBytes(new byte[] {1}, 1)); // would put the next askew
    tensors.put("t", TensorSource.of(MemorySegment.ofArray(bytes), dtype, 3, 5));
    tensors.put("none", TensorSource.of(new float[0], 0, 7));
    Path file = folder.resolve("a.safetensors");
    SafetensorsWriter.write(file, Map.of("ключ", "a \"quoted\"\nvalue"), tensors);
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      StoredTensor t = read.tensor("t");
      assertEquals(dtype, t.dtype());
      assertEquals(List.of(3L, 5L), t.shape());
      assertArrayEquals(bytes, t.data().toArray(ValueLayout.JAVA_BYTE));
      assertEquals(0, t.offset() % dtype.blockBytes(), "alignment");
      assertEquals(Map.of("ключ", "a \"quoted\"\nvalue"), read.metadata());
      assertEquals(3, read.tensors().size());
      // What was read can be written again.
      SequencedMap<String, TensorSource> again = new LinkedHashMap<>();
      read.tensors().forEach((name, tensor) -> again.put(name, TensorSource.of(tensor)));
      SafetensorsWriter.write(folder.resolve("b.safetensors"), read.metadata(), again);
    }
    assertEquals(Fingerprint.of(file), Fingerprint.of(folder.resolve("b.safetensors")));
  }

  @Test
  void arraysComeBackAsTheyWere() {
    float[] floats = {0, -0.0f, 1.25f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NaN};
    int[] ints = new int[150_000]; // more than one piece
    for (int i = 0; i < ints.length; i++) {
      ints[i] = i * 31 - 7;
    }
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    tensors.put("floats", TensorSource.of(floats, 2, 3));
    tensors.put("rounded", TensorSource.ofBf16(floats, 6));
    tensors.put("ints", TensorSource.ofInts(ints, ints.length));
    Path file = folder.resolve("new folder").resolve("a.safetensors");
    SafetensorsWriter.write(file, Map.of(), tensors);
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertArrayEquals(floats, Elements.toFloats(read.tensor("floats")));
      float[] rounded = {0, -0.0f, 1.25f, 0, Float.POSITIVE_INFINITY, Float.NaN};
      assertArrayEquals(rounded, Elements.toFloats(read.tensor("rounded")));
      assertArrayEquals(ints, Elements.toInts(read.tensor("ints")));
    }
  }

  @Test
  void aShapeThatDoesNotHoldItsElementsIsRefusedAtOnce() {
    assertThrows(IllegalArgumentException.class, () -> TensorSource.of(new float[5], 2, 3));
    assertThrows(IllegalArgumentException.class, () -> TensorSource.ofBytes(new byte[5], 4));
  }

  @Test
  void aDiskThatFillsHalfWayLeavesThePreviousFileLoadable() throws IOException {
    Path file = folder.resolve("model.safetensors");
    SafetensorsWriter.write(file, Map.of(), one(TensorSource.of(new float[] {42}, 1)));
    TensorSource failing = failingAfter(1000, () -> new IOException("No space left on device"));
    UserError error =
        assertThrows(UserError.class, () -> SafetensorsWriter.write(file, Map.of(), one(failing)));
    assertTrue(error.getMessage().startsWith("cannot write " + file), error.getMessage());
    assertTrue(error.getMessage().contains("No space left on device"), error.getMessage());
    assertEquals(1, error.exitCode());
    assertStillHolds42(file);
    assertEquals(List.of(file), list(), "no rest of the failed save");
  }

  @Test
  void aSourceThatWritesTooLittleLeavesThePreviousFileLoadable() throws IOException {
    Path file = folder.resolve("model.safetensors");
    SafetensorsWriter.write(file, Map.of(), one(TensorSource.of(new float[] {42}, 1)));
    TensorSource lying = failingAfter(1000, () -> null);
    assertThrows(
        IllegalStateException.class, () -> SafetensorsWriter.write(file, Map.of(), one(lying)));
    assertStillHolds42(file);
    assertEquals(List.of(file), list());
  }

  @Test
  void aTargetThatCannotBeMadeIsNamedWithItsCause() throws IOException {
    Path file = Files.writeString(folder.resolve("occupied"), "I am a file");
    UserError error =
        assertThrows(
            UserError.class,
            () ->
                SafetensorsWriter.write(
                    file.resolve("model.safetensors"),
                    Map.of(),
                    one(TensorSource.of(new float[1], 1))));
    assertTrue(
        error.getMessage().contains(file + " is in the way")
            || error.getMessage().contains("Not a directory"),
        error.getMessage());
  }

  /** 4,000 bytes are promised; after so many the supplier's exception comes, or an early end. */
  private static TensorSource failingAfter(
      int bytes, java.util.function.Supplier<IOException> failure) {
    return new TensorSource() {
      @Override
      public DType dtype() {
        return DType.F32;
      }

      @Override
      public List<Long> shape() {
        return List.of(1000L);
      }

      @Override
      public void writeTo(WritableByteChannel channel) throws IOException {
        Channels.writeFully(channel, ByteBuffer.allocate(bytes));
        IOException e = failure.get();
        if (e != null) {
          throw e;
        }
      }
    };
  }

  private static SequencedMap<String, TensorSource> one(TensorSource source) {
    return new LinkedHashMap<>(Map.of("t", source));
  }

  private static void assertStillHolds42(Path file) {
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertArrayEquals(new float[] {42}, Elements.toFloats(read.tensor("t")));
    }
  }

  private List<Path> list() throws IOException {
    try (var entries = Files.list(folder)) {
      return entries.toList();
    }
  }
}
