package org.mixtureofmasks.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.UserError;

class TokenizerTest {
  @TempDir Path folder;

  /** A byte-level vocabulary loses nothing, whatever the text. */
  @Test
  void byteLevelTextComesBackWhole() {
    Random random = new Random(7);
    try (Tokenizer tokenizer = Fixtures.open("mom-4m")) {
      for (int i = 0; i < 2000; i++) {
        String text = Fixtures.randomText(random);
        assertEquals(text, tokenizer.decode(tokenizer.encode(text), false));
      }
    }
  }

  /** SmolLM2's has no tokens for some control characters and for planes 4 and up. */
  @Test
  void smolLm2TextComesBackWholeWhereItHasTokens() {
    Random random = new Random(7);
    try (Tokenizer tokenizer = Fixtures.open("smollm2-tokenizer.json")) {
      for (int i = 0; i < 1000; i++) {
        String text =
            Fixtures.randomText(random).replaceAll("[\\x00-\\x1F\\x{40000}-\\x{10FFFF}]", "");
        assertEquals(text, tokenizer.decode(tokenizer.encode(text), false));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"a\\uD83Eb,a?b", "\\uDD99,?", "x\\uD83E,x?", "\\uDD99\\uD83E,??"})
  void halfASurrogatePairIsReadAsTheReplacementCharacter(String escaped, String expected) {
    String text = escaped.replace("\\uD83E", "\uD83E").replace("\\uDD99", "\uDD99");
    try (Tokenizer tokenizer = Fixtures.open("mom-4m")) {
      String read = tokenizer.decode(tokenizer.encode(text), false);
      assertEquals(expected.replace('?', '\uFFFD'), read);
    }
  }

  /** Quadratic merging would take hours here; the binding takes well under a second. */
  @ParameterizedTest
  @CsvSource({
    "smollm2-tokenizer.json, a, 250000",
    "mom-4m, a, ",
    "smollm2-tokenizer.json, ' ', ",
    "mistral-tokenizer.json, a, ",
    "llama2-tokenizer.bin, a, "
  })
  void aMillionEqualLettersTakeBoundedTime(String name, String letter, Integer count) {
    try (Tokenizer tokenizer = Fixtures.open(name)) {
      String text = letter.repeat(1_000_000);
      int[] ids =
          assertTimeoutPreemptively(Duration.ofSeconds(60), () -> tokenizer.encode(text, false));
      assertEquals(text, tokenizer.decode(ids, false));
      if (count != null) {
        assertEquals(count, ids.length);
      }
    }
  }

  /** The files may ask for truncation and padding; a language model wants neither. */
  @Test
  void theFilesOwnTruncationAndPaddingAreIgnored() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode json = (ObjectNode) Fixtures.json("mom-4m/tokenizer.json");
    json.set(
        "truncation",
        mapper.readTree(
            "{\"direction\":\"Right\",\"max_length\":4,\"strategy\":\"LongestFirst\",\"stride\":0}"));
    json.set(
        "padding",
        mapper.readTree(
            "{\"strategy\":{\"Fixed\":900},\"direction\":\"Right\",\"pad_to_multiple_of\":null,"
                + "\"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"<s>\"}"));
    Files.write(folder.resolve("tokenizer.json"), mapper.writeValueAsBytes(json));
    String text = "one two three four ".repeat(200);
    try (Tokenizer plain = Fixtures.open("mom-4m");
        Tokenizer limited = Tokenizer.open(folder)) {
      assertTrue(plain.encode(text).length > 512);
      assertArrayEquals(plain.encode(text), limited.encode(text));
      assertArrayEquals(plain.encode("a"), limited.encode("a"));
    }
  }

  @Test
  void theModelsFilesNameItsSpecialTokens() throws IOException {
    Files.copy(Fixtures.path("smollm2-tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"bos_token": {"content": "<|im_start|>", "special": true}, "eos_token": "<|im_end|>",
         "additional_special_tokens": ["hello"], "model_max_length": 8, "add_bos_token": true}""");
    Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [2, 0]}");
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      assertEquals(OptionalInt.of(1), tokenizer.bos());
      assertEquals(Set.of(0, 2), tokenizer.eos());
      int hello = tokenizer.encode("hello")[0];
      assertTrue(tokenizer.isSpecial(hello), "a plain token becomes special by its name");
      assertEquals(" x", tokenizer.decode(tokenizer.encode("hello x"), true));
      // With a tokenizer.json, its post-processor alone decides: transformers 5 does the same.
      assertArrayEquals(tokenizer.encode("some text", false), tokenizer.encode("some text"));
    }
  }

  @Test
  void specialTokensOfThePostProcessorAreAddedOnRequest() {
    try (Tokenizer tokenizer = Fixtures.open("mistral-tokenizer.json")) {
      assertEquals(1, tokenizer.encode("hi", true)[0]);
      assertEquals(tokenizer.encode("hi", true).length - 1, tokenizer.encode("hi", false).length);
      assertEquals(OptionalInt.of(1), tokenizer.bos(), "told by the post-processor");
      assertEquals(0, tokenizer.encode("", false).length);
      assertEquals("hi", tokenizer.decode(tokenizer.encode("hi"), true));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 4096, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void anIdBeyondTheVocabularyHasNoNameAndNoText(int id) {
    try (Tokenizer tokenizer = Fixtures.open("mom-4m")) {
      UserError e = assertThrows(UserError.class, () -> tokenizer.tokenOf(id));
      assertTrue(e.getMessage().startsWith("token id " + id + " is not in the vocabulary of "));
      assertFalse(e.getMessage().contains("\n"));
      int[] text = tokenizer.encode("once");
      assertEquals("once", tokenizer.decode(append(text, id), false));
      TokenStream stream = tokenizer.stream(true);
      StringBuilder streamed = new StringBuilder();
      for (int token : append(text, id)) {
        streamed.append(stream.accept(token));
      }
      assertEquals("once", streamed + stream.flush());
    }
  }

  private static int[] append(int[] ids, int id) {
    int[] more = Arrays.copyOf(ids, ids.length + 1);
    more[ids.length] = id;
    return more;
  }

  @Test
  void everyIdHasATextOfItsOwn() {
    try (Tokenizer tokenizer = Fixtures.open("mom-4m")) {
      assertEquals(4096, tokenizer.vocabularySize());
      assertEquals(4096, IntStream.range(0, 4096).mapToObj(tokenizer::tokenOf).distinct().count());
    }
  }

  @Test
  void whatIsMissingIsSaidInOneLine() throws IOException {
    refused(folder.resolve("nowhere"), "no such file or folder");
    refused(folder, "has no tokenizer.json");
    Files.writeString(folder.resolve("tokenizer.model"), "x");
    refused(folder, "tokenizer.model is not read");
    Files.writeString(folder.resolve("notes.txt"), "x");
    refused(folder.resolve("notes.txt"), "not a tokenizer");
    Files.copy(Fixtures.path("../models/stories260K.bin"), folder.resolve("stories260K.bin"));
    refused(folder.resolve("stories260K.bin"), "tok512.bin", "pass --tokenizer FILE");
    // A tokenizer of another size beside it is not taken for the model's.
    Files.copy(Fixtures.path("llama2-tokenizer.bin"), folder.resolve("tokenizer.bin"));
    refused(folder.resolve("stories260K.bin"), "pass --tokenizer FILE");
    Files.writeString(folder.resolve("x.gguf"), "GGUF");
    refused(folder.resolve("x.gguf"), "x.gguf");
  }

  private static void refused(Path path, String... words) {
    UserError e = assertThrows(UserError.class, () -> Tokenizer.open(path));
    for (String word : words) {
      assertTrue(e.getMessage().contains(word), e.getMessage());
    }
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
  }

  /** The vocabulary of any file can be kept as a tokenizer.json that gives the same ids. */
  @ParameterizedTest
  @ValueSource(strings = {"../models/tok512.bin", "ggml-vocab-llama-spm.gguf", "mom-4m"})
  void theTokenizerJsonOfAnyVocabularyGivesTheSameIds(String name) throws IOException {
    try (Tokenizer tokenizer = Fixtures.open(name)) {
      Path copy = Files.writeString(folder.resolve("tokenizer.json"), tokenizer.toJson());
      try (Tokenizer again = Tokenizer.open(copy)) {
        for (String text : Fixtures.texts()) {
          assertArrayEquals(tokenizer.encode(text), again.encode(text), text);
        }
      }
    }
  }

  @Test
  void threadsShareATokenizer() throws Exception {
    List<String> texts = Fixtures.texts();
    try (Tokenizer tokenizer = Fixtures.open("mom-4m");
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<int[]> expected = texts.stream().map(tokenizer::encode).toList();
      List<Future<?>> runs = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        runs.add(
            threads.submit(
                () -> {
                  for (int round = 0; round < 20; round++) {
                    for (int i = 0; i < texts.size(); i++) {
                      assertArrayEquals(expected.get(i), tokenizer.encode(texts.get(i)));
                    }
                  }
                }));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    }
  }

  @Test
  void aClosedTokenizerSaysSo() {
    Tokenizer tokenizer = Fixtures.open("mom-4m");
    tokenizer.close();
    tokenizer.close();
    assertThrows(IllegalStateException.class, () -> tokenizer.encode("x"));
    assertThrows(IllegalStateException.class, () -> tokenizer.decode(new int[] {1}, false));
  }
}
