package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.Matrix;

/** The formats of GGUF's block types beside the reference that decodes stored tensors. */
class StoredBlocksTest {
  private static Format format(DType dtype, int columns) {
    return WeightFormats.of(WeightType.AUTO).of(dtype, columns);
  }

  private static Checkpoint blocks() {
    return Checkpoints.open(TestFiles.resource("/org/mixtureofmasks/models/gguf-blocks.gguf"));
  }

  /** As ggml made it, and of random bits (whose scales may be anything finite), off alignment. */
  private static void assertBitsOfTheReference(StoredTensor stored, MemorySegment bytes) {
    int rows = Math.toIntExact(stored.shape().getFirst());
    int columns = Math.toIntExact(stored.shape().getLast());
    MemorySegment odd = Arena.ofAuto().allocate(bytes.byteSize() + 1).asSlice(1);
    odd.copyFrom(bytes);
    Matrix w = new Matrix(odd, rows, columns, format(stored.dtype(), columns));
    float[] reference =
        Elements.toFloats(
            new StoredTensor("t", stored.dtype(), stored.shape(), odd, Path.of("file"), 0));
    float[] wide = new float[rows * columns];
    w.format().widen(w, 0, rows, wide);
    assertArrayEquals(reference, wide, "widened");
    for (int r = 0; r < rows; r++) {
      w.row(r, wide, r * columns);
    }
    assertArrayEquals(reference, wide, "one by one");
  }

  @ParameterizedTest
  @EnumSource(names = "I?Q\\d.*", mode = EnumSource.Mode.MATCH_ALL)
  void rowsAreWidenedToTheBitsOfTheReference(DType dtype) {
    try (Checkpoint made = blocks()) {
      StoredTensor stored = made.tensors().get(dtype + ".stored");
      assertBitsOfTheReference(stored, stored.data());
      byte[] noise = new byte[Math.toIntExact(stored.data().byteSize())];
      Random random = new Random(7);
      for (int n = 0; n < 20; n++) {
        random.nextBytes(noise);
        for (int i = 0; i < noise.length; i++) {
          noise[i] &= (byte) 0xbf; // no half that is infinite or no number
        }
        assertBitsOfTheReference(stored, MemorySegment.ofArray(noise));
      }
      Format format = format(dtype, 512);
      assertTrue(format.isStoredAs(dtype.name()));
      assertEquals(dtype.name().toLowerCase(Locale.ROOT), format.name());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL"})
  void smallBlocksAreRoundedToTheBytesThatGgmlMakes(DType dtype) {
    try (Checkpoint made = blocks()) {
      StoredTensor stored = made.tensors().get(dtype + ".stored");
      float[] weights = Elements.toFloats(made.tensors().get("weights"));
      MemorySegment got = Arena.ofAuto().allocate(stored.data().byteSize());
      format(dtype, weights.length).put(weights, got, 0);
      for (long at = 0; at < got.byteSize(); at += dtype.blockBytes()) {
        // Of weights times a scale of 0, ggml's IQ4_NL leaves whatever the block before had.
        boolean zero = dtype == DType.IQ4_NL && got.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) == 0;
        long bytes = zero ? 2 : dtype.blockBytes();
        assertEquals(-1, stored.data().asSlice(at, bytes).mismatch(got.asSlice(at, bytes)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = "I?Q\\d_(K|XS)", mode = EnumSource.Mode.MATCH_ALL)
  void superBlocksAreReadAndNotMade(DType dtype) {
    Format format = format(dtype, 256);
    MemorySegment data = Arena.ofAuto().allocate(format.rowBytes(256));
    UserError e = assertThrows(UserError.class, () -> format.put(new float[256], data, 0));
    assertEquals(
        "%s is read as GGUF files store it, not made; llama-quantize makes such files"
            .formatted(format.name()),
        e.getMessage());
  }

  @ParameterizedTest
  @EnumSource(names = "I?Q\\d.*", mode = EnumSource.Mode.MATCH_ALL)
  void rowsOfBrokenBlocksAreRefusedWithWhatWouldFit(DType dtype) {
    int size = dtype.blockSize();
    int columns = 3 * size - 8;
    UserError e = assertThrows(UserError.class, () -> format(dtype, columns).rowBytes(columns));
    assertEquals(
        "%s holds rows of whole blocks of %d weights, not %d; %d or another multiple of %d would fit"
            .formatted(dtype.name().toLowerCase(Locale.ROOT), size, columns, 3 * size, size),
        e.getMessage());
  }

  @ParameterizedTest
  @EnumSource(names = "I?Q\\d.*", mode = EnumSource.Mode.MATCH_ALL)
  void aMatrixStaysWhatItIsStoredAsWithItsRowsInAnyOrder(DType dtype) {
    try (Checkpoint made = blocks();
        Arena arena = Arena.ofConfined()) {
      StoredTensor stored = made.tensors().get(dtype + ".stored");
      WeightFormats auto = WeightFormats.of(WeightType.AUTO);
      WeightSource mapped = new WeightSource(auto, new WeightMemory(arena, true, null, ""));
      assertEquals(stored.data().address(), mapped.matrix(stored).data().address());
      Matrix turned = mapped.matrix(stored, r -> 2 - r);
      assertEquals(dtype.name().toLowerCase(Locale.ROOT), turned.format().name());
      float[] reference = Elements.toFloats(stored);
      float[] row = new float[512];
      for (int r = 0; r < 3; r++) {
        turned.row(2 - r, row, 0);
        for (int c = 0; c < 512; c++) {
          assertEquals(reference[r * 512 + c], row[c]);
        }
      }
      // Whoever asks for another type gets the same numbers, and rows that do not divide stay bf16.
      WeightSource wide =
          new WeightSource(
              WeightFormats.of(WeightType.F32), new WeightMemory(arena, true, null, ""));
      wide.matrix(stored).row(1, row, 0);
      assertEquals(reference[512], row[0]);
      for (WeightType wanted : List.of(WeightType.Q8_0, WeightType.Q4_0)) {
        WeightFormats rounded = WeightFormats.of(wanted);
        assertEquals(wanted.word(), rounded.of(dtype, 512).name());
        assertEquals("bf16", rounded.of(dtype, 520).name());
      }
    }
  }
}
