package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.Q80;

/** The formats of GGUF's block types beside the reference that decodes stored tensors. */
class StoredBlocksTest {
  private static final Map<DType, Format> FORMATS = Map.of(DType.Q8_0, Q80.FORMAT);
  private static final int ROWS = 5;
  private static final int COLUMNS = 512;

  private static Matrix random(DType dtype) {
    Format format = FORMATS.get(dtype);
    Random random = new Random(3);
    long bytes = ROWS * format.rowBytes(COLUMNS);
    MemorySegment data = Arena.ofAuto().allocate(bytes + 1).asSlice(1); // files align nothing
    float[] row = new float[COLUMNS];
    for (int r = 0; r < ROWS; r++) {
      for (int c = 0; c < COLUMNS; c++) {
        row[c] = c < 64 ? 0 : (float) random.nextGaussian();
      }
      format.put(row, data, r * format.rowBytes(COLUMNS));
    }
    return new Matrix(data, ROWS, COLUMNS, format);
  }

  @ParameterizedTest
  @EnumSource(names = "Q8_0")
  void rowsAreWidenedToTheBitsOfTheReference(DType dtype) {
    Matrix w = random(dtype);
    List<Long> shape = List.of((long) ROWS, (long) COLUMNS);
    StoredTensor stored = new StoredTensor("t", dtype, shape, w.data(), Path.of("file"), 0);
    float[] reference = Elements.toFloats(stored);
    float[] wide = new float[ROWS * COLUMNS];
    w.format().widen(w, 0, ROWS, wide);
    assertArrayEquals(reference, wide);
    float[] row = new float[COLUMNS];
    w.row(2, row, 0);
    for (int c = 0; c < COLUMNS; c++) {
      assertEquals(reference[2 * COLUMNS + c], row[c]);
    }
    assertTrue(w.format().isStoredAs(dtype.name()));
    assertEquals(dtype.name().toLowerCase(Locale.ROOT), w.format().name());
  }

  @ParameterizedTest
  @EnumSource(names = "Q8_0")
  void rowsOfBrokenBlocksAreRefusedWithWhatWouldFit(DType dtype) {
    int size = dtype.blockSize();
    UserError e = assertThrows(UserError.class, () -> FORMATS.get(dtype).rowBytes(3 * size - 8));
    assertEquals(
        "%s holds rows of whole blocks of %d weights, not %d; %d or another multiple of %d would fit"
            .formatted(dtype.name().toLowerCase(Locale.ROOT), size, 3 * size - 8, 3 * size, size),
        e.getMessage());
  }
}
