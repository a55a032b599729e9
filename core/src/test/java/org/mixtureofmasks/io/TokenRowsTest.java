package org.mixtureofmasks.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.UserError;

class TokenRowsTest {
  @TempDir Path folder;

  private Path u16(String name, int... ids) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(2 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int id : ids) {
      bytes.putShort((short) id);
    }
    return Files.write(folder.resolve(name), bytes.array());
  }

  private Path u32(String name, int... ids) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int id : ids) {
      bytes.putInt(id);
    }
    return Files.write(folder.resolve(name), bytes.array());
  }

  private static String refusal(Executable open) {
    String message = assertThrows(UserError.class, open).getMessage();
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  @Test
  void narrowIdsAreLittleEndianAndUnsignedAndComeInAnyOrderOfRows() throws IOException {
    Path path = Files.write(folder.resolve("a.u16"), new byte[] {1, 0, 2, 1, -1, -1, 0, -128});
    try (TokenRows rows = TokenRows.open(path, 2, 65536)) {
      assertEquals(2, rows.rows());
      assertArrayEquals(new int[] {65535, 32768}, rows.row(1));
      assertArrayEquals(new int[] {1, 258}, rows.row(0));
      assertArrayEquals(new long[] {65535, 32768}, rows.longRow(1));
    }
  }

  @Test
  void wideIdsAreReadFromU32() throws IOException {
    try (TokenRows rows = TokenRows.openChecked(u32("a.u32", 128_000, 7), 2, 128_256)) {
      assertArrayEquals(new int[] {128_000, 7}, rows.row(0));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.bin", "a.TXT", "a.md", "a.text", "a", "u16"})
  void aFileOfAnyOtherEndingHasNoIds(String name) throws IOException {
    Path file = u16(name, 3, 4);
    assertFalse(TokenRows.isNamed(file));
    assertEquals(
        file + ": is no file of token rows: those are named .u16 or .u32, by the bytes of an id",
        refusal(() -> TokenRows.open(file, 2, 10)));
  }

  @Test
  void aPointerInPlaceOfRowsIsNamed() throws IOException {
    Path file = folder.resolve("a.u16");
    Files.writeString(file, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 99\n");
    assertTrue(refusal(() -> TokenRows.open(file, 1, 65_536)).contains("is a git-lfs pointer"));
  }

  @Test
  void aVocabularyGetsTheNarrowestIdsThatHoldIt() {
    assertEquals(".u16", TokenRows.ending(65_536));
    assertEquals(".u32", TokenRows.ending(65_537));
  }

  @Test
  void anIdOutsideTheVocabularyIsRefusedWithItsPlaceWhenItIsRead() throws IOException {
    Path path = u16("a.u16", 1, 2, 3, 4, 50, 6);
    String expected =
        "%s: row 1, token 1 is id 50, outside the model's vocabulary of 50 tokens (0 to 49): pack the text with this model's tokenizer"
            .formatted(path);
    try (TokenRows rows = TokenRows.open(path, 3, 50)) {
      assertArrayEquals(new int[] {1, 2, 3}, rows.row(0));
      assertEquals(expected, refusal(() -> rows.row(1)));
    }
    assertEquals(expected, refusal(() -> TokenRows.openChecked(path, 3, 50)));
  }

  @Test
  void aWideIdOfMoreThan31BitsIsOutsideEveryVocabulary() throws IOException {
    Path path = u32("a.u32", -1);
    assertTrue(
        refusal(() -> TokenRows.openChecked(path, 1, Integer.MAX_VALUE)).contains("id 4294967295"));
  }

  @Test
  void aFileThatIsNotWholeRowsIsRefusedWithBothSizes() throws IOException {
    Path narrow = u16("a.u16", 1, 2, 3, 4);
    String message = refusal(() -> TokenRows.open(narrow, 3, 50));
    assertTrue(message.contains("8 bytes are not whole rows of 3 tokens (6 bytes each)"), message);
    Path wide = u32("a.u32", 1, 2, 3, 4);
    message = refusal(() -> TokenRows.open(wide, 3, 50));
    assertTrue(
        message.contains("16 bytes are not whole rows of 3 tokens (12 bytes each)"), message);
    Path empty = u16("empty.u16");
    assertTrue(refusal(() -> TokenRows.open(empty, 3, 50)).contains(": 0 bytes"));
  }

  @Test
  void aMissingFileIsNamed() {
    Path path = folder.resolve("none.u16");
    assertEquals(
        "no file of token rows at %s: check the path that names it".formatted(path),
        refusal(() -> TokenRows.open(path, 3, 50)));
  }
}
