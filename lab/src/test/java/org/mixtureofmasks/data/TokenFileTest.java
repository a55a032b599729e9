package org.mixtureofmasks.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

class TokenFileTest {
  @TempDir Path folder;

  private Path u16(String name, int... ids) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(2 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int id : ids) {
      bytes.putShort((short) id);
    }
    return Files.write(folder.resolve(name), bytes.array());
  }

  @Test
  void rowsComeAsTheyStandUpToTheHighestId() throws IOException {
    try (TokenFile file = TokenFile.open(u16("a.u16", 1, 2, 3, 65535, 5, 6), 3, 65536)) {
      assertEquals(2, file.rows());
      assertArrayEquals(new long[] {65535, 5, 6}, file.row(1));
      assertArrayEquals(new long[] {1, 2, 3}, file.row(0));
    }
  }

  @Test
  void wideIdsAreReadFromU32() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    Path path = Files.write(folder.resolve("a.u32"), bytes.putInt(128_000).putInt(7).array());
    try (TokenFile file = TokenFile.open(path, 2, 128_256)) {
      assertArrayEquals(new long[] {128_000, 7}, file.row(0));
    }
  }

  @Test
  void anIdBeyondTheVocabularyIsRefusedWithItsRow() throws IOException {
    Path path = u16("a.u16", 1, 2, 3, 4, 50, 6);
    UserError error = assertThrows(UserError.class, () -> TokenFile.open(path, 3, 50));
    assertEquals(
        path
            + ": row 1 holds the token id 50, but the model's vocabulary ends at 49: pack the text"
            + " with this model's tokenizer",
        error.getMessage());
  }

  @Test
  void aFileThatIsNotWholeRowsIsRefused() throws IOException {
    Path path = u16("a.u16", 1, 2, 3, 4);
    String message = assertThrows(UserError.class, () -> TokenFile.open(path, 3, 50)).getMessage();
    assertTrue(message.contains("8 bytes are not whole rows of 3 tokens (6 bytes each)"), message);
    assertThrows(UserError.class, () -> TokenFile.open(u16("empty.u16"), 3, 50));
  }

  @Test
  void aMissingFileIsNamed() {
    Path path = folder.resolve("none.u16");
    assertEquals(
        "no file of token rows at " + path + ": check data.train and evaluate.rows",
        assertThrows(UserError.class, () -> TokenFile.open(path, 3, 50)).getMessage());
  }
}
