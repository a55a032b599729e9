package org.mixtureofmasks.perplexity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

class PackedRowsTest {
  @TempDir private Path folder;

  @Test
  void idsAreLittleEndianAndUnsigned() throws IOException {
    Path file = file(1, 0, 2, 1, 0xff, 0xff, 0, 0x80);
    try (PackedRows rows = new PackedRows(file, 2, 65536)) {
      assertEquals(2, rows.count());
      assertArrayEquals(new int[] {1, 258}, rows.next());
      assertArrayEquals(new int[] {65535, 32768}, rows.next());
    }
  }

  @Test
  void aFileThatIsNoWholeNumberOfRowsIsRefusedWithBothSizes() throws IOException {
    Path file = file(1, 0, 2, 0, 3, 0, 4, 0);
    UserError error = assertThrows(UserError.class, () -> new PackedRows(file, 3, 10));
    assertTrue(error.getMessage().contains("8 bytes"), error.getMessage());
    assertTrue(error.getMessage().contains("rows of 3 tokens"), error.getMessage());
    assertThrows(UserError.class, () -> new PackedRows(file(), 3, 10));
  }

  @Test
  void anIdOutsideTheVocabularyIsReportedWithItsPlace() throws IOException {
    Path file = file(1, 0, 2, 0, 3, 0, 44, 0);
    try (PackedRows rows = new PackedRows(file, 2, 10)) {
      rows.next();
      UserError error = assertThrows(UserError.class, rows::next);
      assertEquals(
          file
              + ": row 1, token 1 is id 44, outside the model's vocabulary of 10 tokens: was it"
              + " packed with another tokenizer?",
          error.getMessage());
    }
  }

  @Test
  void aMissingFileIsReportedByItsName() {
    Path missing = folder.resolve("missing.u16");
    UserError error = assertThrows(UserError.class, () -> new PackedRows(missing, 2, 10));
    assertTrue(error.getMessage().startsWith(missing.toString()), error.getMessage());
  }

  private Path file(int... bytes) throws IOException {
    byte[] content = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      content[i] = (byte) bytes[i];
    }
    return Files.write(folder.resolve("rows.u16"), content);
  }
}
