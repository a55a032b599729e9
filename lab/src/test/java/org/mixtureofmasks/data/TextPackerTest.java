package org.mixtureofmasks.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.TokenRows;
import org.mixtureofmasks.tokenizer.Tokenizer;

class TextPackerTest {
  /** The demo model's: 4,096 ids, documents end with id 0. */
  private static final Path TOKENIZER = Path.of("src/main/resources/org/mixtureofmasks/demo");

  @TempDir Path folder;
  private final Tokenizer tokenizer = Tokenizer.open(TOKENIZER);

  @AfterEach
  void closeTheTokenizer() {
    tokenizer.close();
  }

  private long[] packed(Path text, int rowLength) {
    Path file = new TextPacker(folder.resolve("cache"), tokenizer, rowLength).pack(text);
    try (TokenRows rows = TokenRows.open(file, rowLength, tokenizer.vocabularySize())) {
      return IntStream.range(0, rows.rows())
          .mapToObj(rows::longRow)
          .flatMapToLong(Arrays::stream)
          .toArray();
    }
  }

  private long[] ids(String... documents) {
    return Arrays.stream(documents)
        .flatMapToLong(
            d ->
                LongStream.concat(
                    Arrays.stream(tokenizer.encode(d)).asLongStream(), LongStream.of(0)))
        .toArray();
  }

  @Test
  void aTextIsOneDocumentCutIntoRows() throws IOException {
    String text = "It was the best of times,\nit was the worst of times.\n".repeat(5);
    Path file = Files.writeString(folder.resolve("a.txt"), text);
    long[] expected = ids(text);
    assertArrayEquals(Arrays.copyOf(expected, expected.length / 8 * 8), packed(file, 8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.TXT", "a.md", "a.text", "a"})
  void whatIsNotNamedAsIdsIsText(String name) throws IOException {
    String text = "It was the best of times,\nit was the worst of times.\n";
    Path file = Files.writeString(folder.resolve(name), text);
    assertTrue(TextPacker.isText(file));
    long[] expected = ids(text);
    assertArrayEquals(Arrays.copyOf(expected, expected.length / 8 * 8), packed(file, 8));
  }

  @Test
  void aByteOrderMarkIsNoPartOfAText() throws IOException {
    Path text = Files.writeString(folder.resolve("a.txt"), "\uFEFFOne, two.");
    assertArrayEquals(ids("One, two."), packed(text, 1));
    Path lines = Files.writeString(folder.resolve("a.JSONL"), "\uFEFF{\"text\": \"One, two.\"}\n");
    assertArrayEquals(ids("One, two."), packed(lines, 1));
  }

  @Test
  void eachLineOfJsonIsADocument() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("a.jsonl"),
            "{\"text\": \"One.\\nTwo.\", \"id\": 1}\n\n{\"text\": \"Three and four.\"}\n");
    long[] expected = ids("One.\nTwo.", "Three and four.");
    assertArrayEquals(Arrays.copyOf(expected, expected.length / 2 * 2), packed(file, 2));
  }

  @Test
  void theSameTextIsPackedOnceAndAnotherRowLengthAnew() throws IOException {
    Path file = Files.writeString(folder.resolve("a.txt"), "Some words, and some more words.");
    Path same = Files.writeString(folder.resolve("b.txt"), Files.readString(file));
    TextPacker packer = new TextPacker(folder.resolve("cache"), tokenizer, 4);
    Path first = packer.pack(file);
    var written = Files.getLastModifiedTime(first);
    assertEquals(first, packer.pack(same));
    assertEquals(written, Files.getLastModifiedTime(first));
    assertNotEquals(first, new TextPacker(folder.resolve("cache"), tokenizer, 5).pack(file));
  }

  @Test
  void whatIsNoDocumentIsRefusedWithItsLine() throws IOException {
    Path jsonl = Files.writeString(folder.resolve("a.jsonl"), "{\"text\": \"a\"}\n{\"txt\": 1}\n");
    assertEquals(jsonl + ":2: no member \"text\" with a string", refusal(jsonl));
    Files.writeString(jsonl, "{\"text\": \n");
    assertEquals(jsonl + ":1: not JSON: one object a line", refusal(jsonl));
    Path latin = Files.write(folder.resolve("a.txt"), new byte[] {'a', (byte) 0xe9, 'b'});
    assertEquals(latin + " is not UTF-8: convert it first", refusal(latin));
    Path tiny = Files.writeString(folder.resolve("b.txt"), "a");
    assertTrue(refusal(tiny).contains("fewer tokens than one row of 64"));
    assertTrue(refusal(folder.resolve("c.txt")).startsWith("no text at "));
  }

  private String refusal(Path text) {
    TextPacker packer = new TextPacker(folder.resolve("cache"), tokenizer, 64);
    return assertThrows(UserError.class, () -> packer.pack(text)).getMessage();
  }
}
