package org.mixtureofmasks.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.io.BadCheckpoint;

class ScaledTensorsTest {
  private static final byte[] NUMBERS = {1, -2, 3, -128, 5, 6, 7, 127};

  /** Nibbles minus 8 are -8, -7, ... 7 in the order of the elements. */
  private static final int[] WORDS = {0x76543210, 0xfedcba98};

  @TempDir Path folder;

  private final SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();

  private Checkpoint open(String method) throws IOException {
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);
    Files.writeString(
        folder.resolve("config.json"),
        "{\"quantization_config\": {\"quant_method\": \"%s\"}}".formatted(method));
    return Checkpoints.open(folder);
  }

  private void int8(float... scales) {
    tensors.put("a", TensorSource.of(MemorySegment.ofArray(NUMBERS), DType.I8, 2, 4));
    tensors.put("a_scale", TensorSource.ofBf16(scales, 2, scales.length / 2));
  }

  @Test
  void bytesAndScalesAreOneTensor() throws IOException {
    int8(0.5f, 2);
    try (Checkpoint checkpoint = open("compressed-tensors")) {
      assertEquals(List.of("a"), List.copyOf(checkpoint.tensors().keySet()));
      StoredTensor a = checkpoint.tensors().get("a");
      assertEquals(DType.INT8, a.dtype());
      assertEquals(8 + 4, a.bytes());
      assertArrayEquals(new float[] {0.5f, -1, 1.5f, -64, 10, 12, 14, 254}, Elements.toFloats(a));
      float[] some = new float[2];
      Elements.copyTo(a, 3, some, 0, 2);
      assertArrayEquals(new float[] {-64, 10}, some);
    }
  }

  @Test
  void packedWordsScalesAndShapeAreOneTensor() throws IOException {
    packed(2, 8);
    try (Checkpoint checkpoint = open("compressed-tensors")) {
      assertEquals(List.of("a"), List.copyOf(checkpoint.tensors().keySet()));
      StoredTensor a = checkpoint.tensors().get("a");
      assertEquals(DType.INT4, a.dtype());
      assertEquals(List.of(2L, 8L), a.shape());
      assertArrayEquals(
          new float[] {-8, -7, -6, -5, -8, -6, -4, -2, 0, 4, 8, 12, 32, 40, 48, 56},
          Elements.toFloats(a));
    }
  }

  private void packed(int rows, int columns) {
    tensors.put("a_packed", TensorSource.ofInts(WORDS, 2, 1));
    tensors.put("a_scale", TensorSource.ofBf16(new float[] {1, 2, 4, 8}, 2, 2));
    tensors.put("a_shape", TensorSource.ofInts(new int[] {rows, columns}, 2));
  }

  @Test
  void foldersOfOtherMethodsKeepTheirTensors() throws IOException {
    int8(1, 1);
    try (Checkpoint checkpoint = open("bitsandbytes")) {
      assertEquals(2, checkpoint.tensors().size());
    }
  }

  private void refused(String reason) {
    BadCheckpoint e = assertThrows(BadCheckpoint.class, () -> open("compressed-tensors"));
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  @Test
  void partsThatDoNotFitAreRefusedByName() {
    tensors.put("a", TensorSource.of(MemorySegment.ofArray(NUMBERS), DType.I8, 2, 4));
    tensors.put("a_scale", TensorSource.of(new float[] {1, 1, 1}, 3, 1));
    refused("tensor 'a_scale' has shape [3, 1], which does not divide the rows of [2, 4]");
    tensors.put("a_scale", TensorSource.ofInts(new int[] {1, 1}, 2, 1));
    refused("tensor 'a_scale' holds I32, expected is F32, F16 or BF16");
    tensors.put("a", TensorSource.of(new float[8], 2, 4));
    refused("tensor 'a' holds F32, expected is I8");
    tensors.put("a", TensorSource.of(MemorySegment.ofArray(NUMBERS), DType.I8, 8));
    refused("tensor 'a' has shape [8]: a matrix is expected");
  }

  @Test
  void aShapeThatIsNotThatOfThePackedWordsIsRefused() {
    packed(2, 7);
    refused("tensor 'a_shape' does not say [2, 8], the shape of what is packed");
  }
}
