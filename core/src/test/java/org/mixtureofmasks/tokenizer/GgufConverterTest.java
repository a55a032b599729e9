package org.mixtureofmasks.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.io.BadCheckpoint;

class GgufConverterTest {
  private static final Path FILE = Path.of("model.gguf");
  private static final JsonNode SMOLLM2 = Fixtures.json("smollm2-tokenizer.json");

  /** What SmolLM2's GGUF holds, written down from its tokenizer.json. */
  private static GgufVocabulary smolLm2(String pre, Boolean addBos, Boolean addEos) {
    String[] tokens = new String[49152];
    SMOLLM2
        .at("/model/vocab")
        .properties()
        .forEach(e -> tokens[e.getValue().intValue()] = e.getKey());
    int[] types = new int[tokens.length];
    Arrays.fill(types, GgufVocabulary.NORMAL);
    Arrays.fill(types, 0, 17, GgufVocabulary.CONTROL);
    List<String> merges = new ArrayList<>();
    SMOLLM2.at("/model/merges").forEach(m -> merges.add(m.textValue()));
    return new GgufVocabulary(
        FILE,
        "gpt2",
        pre,
        tokens,
        null,
        types,
        merges.toArray(String[]::new),
        false,
        addBos,
        addEos,
        1,
        2,
        0,
        Set.of(2));
  }

  private static NativeTokenizer tokenizer(GgufVocabulary vocabulary) {
    TokenizerJson converted = GgufConverter.convert(vocabulary);
    byte[] bytes = converted.text().getBytes(StandardCharsets.UTF_8);
    TokenizerJson read = TokenizerJson.check(FILE, bytes, Set.of());
    assertEquals(converted.text(), read.text(), "what is written is what a file of it says");
    assertEquals(converted.vocabulary().ids(), read.vocabulary().ids());
    assertArrayEquals(converted.vocabulary().tokens(), read.vocabulary().tokens());
    assertEquals(converted.vocabulary().special(), read.vocabulary().special());
    return NativeTokenizer.of(read.text());
  }

  @Test
  void aByteLevelVocabularyGivesTheIdsOfItsTokenizerJson() {
    try (Tokenizer reference = Fixtures.open("smollm2-tokenizer.json");
        NativeTokenizer converted = tokenizer(smolLm2("smollm", null, null))) {
      for (String text : Fixtures.texts()) {
        int[] ids = reference.encode(text);
        assertArrayEquals(ids, converted.encode(text, true), text);
        assertEquals(reference.decode(ids, true), converted.decode(ids, true));
      }
    }
  }

  /** Digits show the cut: one by one, by threes, or all together. */
  @ParameterizedTest
  @CsvSource({
    "smollm,5",
    "llama-bpe,2",
    "gpt-4o,2",
    "qwen2,5",
    "tekken,5",
    "gpt-2,1",
    "default,2",
    ",2"
  })
  void thePreTokenizerIsTheOneThatTheFileNames(String pre, int pieces) {
    String[] tokens = {"1", "2", "3", "4", "5", "12", "123", "45", "12345"};
    String[] merges = {"1 2", "12 3", "4 5", "123 45"};
    GgufVocabulary vocabulary = simple("gpt2", pre, tokens, null, merges);
    try (NativeTokenizer tokenizer = tokenizer(vocabulary)) {
      // Llama 3 looks whole pieces up first, but its pattern still cuts the digits by threes.
      assertEquals(pieces, tokenizer.encode("12345", false).length);
      assertEquals("12345", tokenizer.decode(tokenizer.encode("12345", false), true));
    }
  }

  /** llama.cpp's ignore_merges and add_bos: without them the ids are wrong, and nobody is told. */
  @ParameterizedTest
  @CsvSource({"llama-bpe,true", "tekken,true", "pixtral,true", "qwen2,false", "gpt-4o,false"})
  void wholePiecesAndBosComeByDefaultWhereLlamaCppHasThem(String pre, boolean whole) {
    String[] tokens = {"a", "b", "ab", "<s>"};
    int[] types = {1, 1, 1, GgufVocabulary.CONTROL};
    GgufVocabulary vocabulary =
        new GgufVocabulary(
            FILE,
            "gpt2",
            pre,
            tokens,
            null,
            types,
            new String[0],
            null,
            null,
            null,
            3,
            -1,
            -1,
            Set.of());
    try (NativeTokenizer tokenizer = tokenizer(vocabulary)) {
      // No merge leads to "ab": only looking the whole piece up finds it.
      int[] expected = whole ? new int[] {3, 2} : new int[] {0, 1};
      assertArrayEquals(expected, tokenizer.encode("ab", true));
    }
  }

  @Test
  void bosAndEosAreAddedAsTheFileSays() {
    try (NativeTokenizer plain = tokenizer(smolLm2("smollm", null, null));
        NativeTokenizer both = tokenizer(smolLm2("smollm", true, true));
        NativeTokenizer llama3 = tokenizer(smolLm2("llama-bpe", null, null))) {
      int[] ids = plain.encode("hello", true);
      int[] around = both.encode("hello", true);
      assertEquals(1, around[0]);
      assertEquals(2, around[around.length - 1]);
      assertArrayEquals(ids, Arrays.copyOfRange(around, 1, around.length - 1));
      assertEquals(1, llama3.encode("hello", true)[0], "Llama 3 has it by default");
      assertArrayEquals(ids, both.encode("hello", false));
    }
  }

  @Test
  void withoutASpacePrefixSentencePieceTextBeginsAsItIs() throws IOException {
    Path file = Fixtures.path("../models/tok512.bin");
    GgufVocabulary v = Llama2cVocabulary.read(file, Files.readAllBytes(file));
    GgufVocabulary bare =
        new GgufVocabulary(
            file,
            "llama",
            null,
            v.tokens(),
            v.scores(),
            null,
            null,
            false,
            false,
            null,
            1,
            2,
            0,
            Set.of());
    try (NativeTokenizer with = tokenizer(v);
        NativeTokenizer without = tokenizer(bare)) {
      int[] ids = without.encode(" was", true);
      assertArrayEquals(with.encode("was", false), ids);
      assertEquals(" was", without.decode(ids, true));
      assertEquals("was", with.decode(ids, true));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gemma", "bert", ""})
  void otherKindsOfVocabularyAreRefused(String model) {
    refused(simple(model, null, new String[] {"a"}, null, null), "tokenizer model");
  }

  @Test
  void partsThatDoNotFitAreRefused() {
    String[] ab = {"a", "b", "ab"};
    refused(simple("gpt2", "nobodys", ab, null, new String[0]), "pre-tokenizer 'nobodys'");
    refused(simple("gpt2", "smollm", ab, null, null), "merges");
    refused(simple("gpt2", "smollm", ab, null, new String[] {"ab"}), "not two tokens");
    refused(simple("gpt2", "smollm", ab, null, new String[] {"b a"}), "does not join");
    refused(simple("gpt2", "smollm", ab, new int[2], new String[0]), "token types");
    refused(simple("gpt2", "smollm", new String[] {"a", "a"}, null, new String[0]), "twice");
    refused(simple("llama", null, ab, null, null), "scores");
    refused(
        simple("llama", null, new String[] {"<0x-1>"}, new int[] {GgufVocabulary.BYTE}, null),
        "to be a byte");
    GgufVocabulary far =
        new GgufVocabulary(
            FILE,
            "gpt2",
            "smollm",
            ab,
            null,
            null,
            new String[0],
            null,
            true,
            null,
            3,
            -1,
            -1,
            Set.of());
    refused(far, "bos_token_id is 3");
    refused(
        simple("gpt2", "smollm", new String[] {"a".repeat(2000)}, null, new String[0]), "longer");
  }

  private static GgufVocabulary simple(
      String model, String pre, String[] tokens, int[] types, String[] merges) {
    return new GgufVocabulary(
        FILE, model, pre, tokens, null, types, merges, null, null, null, -1, -1, -1, Set.of());
  }

  private static void refused(GgufVocabulary vocabulary, String words) {
    BadCheckpoint e = assertThrows(BadCheckpoint.class, () -> tokenizer(vocabulary).close());
    assertTrue(e.getMessage().contains(words), e.getMessage());
  }
}
