package org.mixtureofmasks.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mixtureofmasks.io.BadCheckpoint;

/** One row for each rule. Several of these files end a process that gives them to the library. */
class TokenizerJsonTest {
  private static final Path FILE = Path.of("tokenizer.json");

  @Test
  void theSmallTokenizersAreGood() {
    for (ObjectNode json : SmallTokenizers.all()) {
      Tokenizer.load(FILE, check(json.toString())).close();
    }
  }

  /**
   * Pairs of letters, as byte-level vocabularies begin: by linear probing it takes many seconds.
   */
  @Test
  void aVocabularyOfManyEqualHashesIsReadAsFastAsAnyOther() {
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < 40_000; i++) {
      char first = (char) (0x100 + i / 200);
      char second = (char) (0x100 + i % 200);
      words.append(i == 0 ? "\"" : ",\"").append(first).append(second).append("\":").append(i);
    }
    String json =
        "{\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"\u0100\u0100\",\"vocab\":{%s}}}";
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadCpuTime();
    assertEquals(40_000, check(json.formatted(words)).vocabulary().ids().size());
    double seconds = (threads.getCurrentThreadCpuTime() - before) * 1e-9;
    assertTrue(seconds < 3, "%s s".formatted(seconds));
  }

  /** Replaces the value at a JSON pointer of the byte-level file. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/model | null | 'model' is not an object",
        "/model/type | \"Unigram\" | has the wrong shape",
        "/model/type | \"Bpe\" | model type 'Bpe' is unknown",
        "/model/vocab/c | -1 | is not in 0..",
        "/model/vocab/c | 4294967295 | is not in 0..",
        "/model/vocab/c | 1e3 | is not a whole number",
        "/model/vocab/c | 2 | have the same id 2",
        "/model/vocab/c | 9999 | the largest id is 9999",
        "/model/vocab | {} | does not join",
        "/model/vocab | 7 | neither an object nor an array",
        "/model/merges | null | 'merges' is not an array",
        "/model/merges/0 | [\"a\", \"zz\"] | does not join two tokens",
        "/model/merges/0 | [\"b\", \"a\"] | does not join two tokens",
        "/model/merges/0 | [\"\", \"a\"] | does not join two tokens",
        "/model/merges/0 | [\"a\"] | a merge is not two tokens",
        "/model/merges/0 | \"a b c\" | is not two tokens",
        "/model/merges/0 | 5 | a merge is not two tokens",
        "/model/unk_token | \"nowhere\" | unk_token 'nowhere' is not in the vocabulary",
        "/model/dropout | 0.5 | dropout makes the ids random",
        "/model/continuing_subword_prefix | \"##\" | does not join two tokens",
        "/model/fuse_unk | [] | has a wrong type",
        "/added_tokens | {} | is not an array",
        "/added_tokens/0/content | \"\" | no content or no id",
        "/added_tokens/0/id | 1 | states the id 1 but gets 0",
        "/added_tokens/1/id | 4000000000 | no content or no id",
        "/added_tokens/1/id | 10 | states the id 10 but gets 9",
        "/added_tokens/1/special | 1 | does not say whether it is special",
        "/added_tokens/1/content | \"<s>\" | states the id 9 but gets 0",
        "/normalizer/type | \"Precompiled\" | normalizer type 'Precompiled' is not supported",
        "/normalizer/normalizers | {} | no array 'normalizers'",
        "/normalizer/normalizers/1/content | \"%LONG%\" | times longer",
        "/normalizer/normalizers/1/pattern/Regex | \"x*\" | can match nothing",
        "/normalizer/normalizers/1/pattern | {\"String\": \"\"} | replaces nothing",
        "/pre_tokenizer/pretokenizers/1/pattern/Regex | \"(a+)+$\" | exponential time",
        "/pre_tokenizer/pretokenizers/0/type | \"Fingers\" | 'Fingers' is not supported",
        "/post_processor/processors/1/special_tokens | {} | without its ids",
        "/post_processor/processors/1/special_tokens/<s>/ids | [99] | no token has it",
        "/post_processor/processors/1/special_tokens/<s>/ids | [-1] | no token has it",
        "/post_processor/processors/1/special_tokens/<s>/ids | [] | not as many ids",
        "/post_processor/processors/1/single/1/Sequence/id | \"B\" | asks for a second one",
        "/decoder/type | \"CTC\" | decoder type 'CTC' is not supported",
      })
  void aBrokenRuleIsOneError(String pointer, String value, String words) {
    ObjectNode json = SmallTokenizers.byteLevel();
    set(json, pointer, SmallTokenizers.value(value.replace("%LONG%", "y".repeat(2000))));
    BadCheckpoint e =
        assertThrows(
            BadCheckpoint.class, () -> Tokenizer.load(FILE, check(json.toString())).close());
    assertTrue(e.getMessage().contains(words), e.getMessage());
    assertFalse(e.getMessage().contains("\n"));
  }

  @Test
  void aStripDecodersStopIsRefused() {
    ObjectNode json = SmallTokenizers.byteFallback();
    for (String stop : new String[] {"1", "-1", "1099511627776", "null"}) {
      set(json, "/decoder/decoders/3/stop", SmallTokenizers.value(stop));
      refused(json.toString(), "'stop' is not 0");
    }
  }

  @Test
  void unigramScoresMustBeNumbersAndItsUnknownTokenOneOfIts() {
    ObjectNode json = SmallTokenizers.unigram();
    set(json, "/model/unk_id", SmallTokenizers.value("5"));
    refused(json.toString(), "unk_id is 5");
    String good = SmallTokenizers.unigram().toString();
    refused(good.replace("-2.5", "1e999"), "not a finite number");
    refused(good.replace("-2.5", "null"), "not a finite number");
    refused(good.replace("\"ab\"", "\"\""), "empty token");
    refused(good.replace("\"ab\"", "\"a\""), "occurs twice");
  }

  @Test
  void otherModelsNeedTheirUnknownToken() {
    for (ObjectNode json :
        new ObjectNode[] {SmallTokenizers.wordPiece(), SmallTokenizers.wordLevel()}) {
      set(json, "/model/unk_token", SmallTokenizers.value("\"gone\""));
      refused(json.toString(), "unk_token 'gone' is not in the vocabulary");
    }
    ObjectNode slow = SmallTokenizers.wordPiece();
    set(slow, "/model/max_input_chars_per_word", SmallTokenizers.value("1000000"));
    refused(slow.toString(), "above 1000");
  }

  @Test
  void jsonIsReadStrictly() {
    String good = SmallTokenizers.byteLevel().toString();
    refused(good + "x", "is not well-formed JSON");
    refused(good + "{}", "goes on after its end");
    refused("\uFEFF" + good, "byte order mark");
    refused("", "is not a JSON object");
    refused("[]", "is not a JSON object");
    refused("{}", "has no member 'model'");
    refused(good.replaceFirst("\\{", "{\"extra\": 1,"), "unknown member 'extra'");
    refused(good.replaceFirst("\\{", "{\"model\": {},"), "occurs twice");
    refused(good.replace("\"a\":1", "\"a\":1,\"a\":1"), "occurs twice");
    refused(good.replace("\"fuse_unk\"", "\"type\""), "occurs twice");
    refused("{\"model\":" + "[".repeat(100_000), "is not well-formed JSON");
    refused("{\"model\": // c\n{}}", "is not well-formed JSON");
  }

  @Test
  void theErrorNamesTheByte() {
    String good = SmallTokenizers.byteLevel().toString();
    byte[] bytes = good.getBytes(StandardCharsets.UTF_8);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("\"c\":3") + 4;
    byte[] bad = bytes.clone();
    bad[at] = '!';
    assertEquals(at, malformed(bad), "what is no JSON");
    bad[at] = (byte) 0xFF;
    assertEquals(at, malformed(bad), "what is no UTF-8");
    byte[] negative = good.replace("\"c\":3", "\"c\":-3").getBytes(StandardCharsets.UTF_8);
    assertEquals(at, malformed(negative), "what is no id");
  }

  private static long malformed(byte[] bytes) {
    return assertThrows(BadCheckpoint.class, () -> TokenizerJson.check(FILE, bytes, Set.of()))
        .offset();
  }

  /** llama2.c's format, cut off everywhere and changed at random. */
  @Test
  void aDamagedLlama2cVocabularyIsOneErrorOrAVocabulary() throws IOException {
    Path file = Fixtures.path("../models/tok512.bin");
    byte[] good = Files.readAllBytes(file);
    int whole = 0;
    for (int length = 0; length < good.length; length += 7) {
      byte[] cut = Arrays.copyOf(good, length);
      try {
        Llama2cVocabulary.read(file, cut);
        whole++; // cut between two tokens
      } catch (BadCheckpoint e) {
        assertTrue(e.offset() <= length);
      }
    }
    assertTrue(whole < 100);
    Random random = new Random(29);
    for (int i = 0; i < 300; i++) {
      byte[] bytes = good.clone();
      ByteBuffer.wrap(bytes)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putInt(random.nextInt(bytes.length - 4), i % 3 == 0 ? random.nextInt() : i);
      try {
        TokenizerJson converted = GgufConverter.convert(Llama2cVocabulary.read(file, bytes));
        Tokenizer.load(FILE, check(converted.text())).close();
      } catch (BadCheckpoint e) {
        assertFalse(e.getMessage().contains("\n"));
      }
    }
  }

  private static TokenizerJson check(String json) {
    return TokenizerJson.check(FILE, json.getBytes(StandardCharsets.UTF_8), Set.of());
  }

  private static void refused(String json, String words) {
    BadCheckpoint e =
        assertThrows(BadCheckpoint.class, () -> Tokenizer.load(FILE, check(json)).close());
    assertTrue(e.getMessage().contains(words), e.getMessage());
    assertFalse(e.getMessage().contains("\n"));
  }

  private static void set(ObjectNode json, String pointer, JsonNode value) {
    int slash = pointer.lastIndexOf('/');
    String name = pointer.substring(slash + 1);
    JsonNode parent = json.at(pointer.substring(0, slash));
    if (parent instanceof ArrayNode array) {
      array.set(Integer.parseInt(name), value);
    } else {
      ((ObjectNode) parent).set(name, value);
    }
  }
}
