package org.mixtureofmasks.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.io.BadCheckpoint;

/** Vocabularies of characters, without tokens for bytes. */
class Llama2cVocabularyTest {
  @TempDir Path folder;

  /** unk, BOS, EOS, a space and the letters from a on. */
  private static byte[] characters(int letters) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(ints(5));
    for (String token : new String[] {"<unk>", "\n<s>\n", "\n</s>\n", " "}) {
      put(out, token);
    }
    for (int i = 0; i < letters; i++) {
      put(out, String.valueOf((char) ('a' + i)));
    }
    return out.toByteArray();
  }

  private static void put(ByteArrayOutputStream out, String token) {
    byte[] utf8 = token.getBytes(StandardCharsets.UTF_8);
    out.writeBytes(ints(0, utf8.length));
    out.writeBytes(utf8);
  }

  private static byte[] ints(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putInt(value);
    }
    return bytes.array();
  }

  @Test
  void whatAVocabularyOfCharactersLacksIsUnknown() throws IOException {
    Path file = Files.write(folder.resolve("tok30.bin"), characters(26));
    try (Tokenizer tokenizer = Tokenizer.open(file)) {
      assertEquals(30, tokenizer.vocabularySize());
      assertArrayEquals(new int[] {1, 3, 4, 5, 0, 6}, tokenizer.encode("ab7c"));
      assertEquals("abc", tokenizer.decode(new int[] {1, 3, 4, 5, 6}, true));
    }
  }

  @Test
  void aDamagedTokenizerIsToBlameItself() throws IOException {
    byte[] cut = Arrays.copyOf(characters(26), 100);
    Path file = Files.write(folder.resolve("tok30.bin"), cut);
    String said = assertThrows(BadCheckpoint.class, () -> Tokenizer.open(file)).getMessage();
    assertTrue(said.contains("tok30.bin") && said.contains("ends within token 9"), said);
  }
}
