package org.mixtureofmasks.tokenizer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * Any bytes as a tokenizer.json give a tokenizer or one BadCheckpoint. A panic in the native
 * library ends the JVM, and then this test is the one that was running.
 */
class TokenizerFuzzTest {
  private static final Path FILE = Path.of("tokenizer.json");
  private static final String SIGNS = "0123456789{}[]\",:-eau\\";
  private static final String[] TEXTS = {
    "",
    "abc ab a",
    "<s>x\u00e9 \uD83E\uDD99<new>  12",
    " ",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxb\n\u0000"
  };

  @Test
  void changedBytesGiveATokenizerOrOneError() {
    Random random = new Random(19);
    int accepted = 0;
    for (int i = 0; i < 3000; i++) {
      accepted += survives(changedBytes(random)) ? 1 : 0;
    }
    assertTrue(accepted > 60, accepted + " files were good: the fuzz reaches the native code");
  }

  @Test
  void changedValuesGiveATokenizerOrOneError() {
    Random random = new Random(23);
    int accepted = 0;
    for (int i = 0; i < 6000; i++) {
      accepted += survives(changedValues(random)) ? 1 : 0;
    }
    assertTrue(accepted > 300, accepted + " files were good: the fuzz reaches the native code");
  }

  @Test
  void everyTruncationIsRefused() {
    for (ObjectNode json : SmallTokenizers.all()) {
      byte[] bytes = SmallTokenizers.bytes(json);
      assertTrue(survives(bytes));
      for (int length = 0; length < bytes.length; length++) {
        assertTrue(!survives(Arrays.copyOf(bytes, length)), "cut at " + length);
      }
    }
  }

  /** True if the file was taken; it must then read texts and write ids without harm. */
  static boolean survives(byte[] bytes) {
    TokenizerJson json;
    NativeTokenizer opened;
    try {
      json = TokenizerJson.check(FILE, bytes, Set.of("a"));
      opened = Tokenizer.load(FILE, json);
    } catch (BadCheckpoint e) {
      assertTrue(!e.getMessage().contains("\n"), e.getMessage());
      return false;
    }
    String[] tokens = json.vocabulary().tokens();
    try (NativeTokenizer tokenizer = opened) {
      for (String text : TEXTS) {
        try {
          tokenizer.decode(tokenizer.encode(text, true), true);
        } catch (UserError e) {
          assertTrue(e.getMessage().startsWith("the tokenizer cannot encode"), e.getMessage());
        }
      }
      for (int i = 0; i < Math.min(tokens.length, 40); i++) {
        int last = tokens.length - 1 - i % tokens.length;
        tokenizer.decode(new int[] {i, last, i}, i % 2 == 0);
      }
    }
    return true;
  }

  static byte[] changedBytes(Random random) {
    byte[] bytes = SmallTokenizers.bytes(pick(random));
    for (int n = random.nextInt(3); n >= 0; n--) {
      bytes = changed(bytes, random);
    }
    return bytes;
  }

  static byte[] changedValues(Random random) {
    ObjectNode json = pick(random);
    for (int n = random.nextInt(3); n >= 0; n--) {
      change(json, random);
    }
    return SmallTokenizers.bytes(json);
  }

  private static ObjectNode pick(Random random) {
    // Byte-level BPE has most to change.
    return SmallTokenizers.all().get(Math.max(0, random.nextInt(8) - 3));
  }

  /** Sets a byte, or cuts some out, doubles them, or puts one in between. */
  private static byte[] changed(byte[] bytes, Random random) {
    if (bytes.length < 2) {
      return bytes;
    }
    int at = random.nextInt(bytes.length - 1);
    int length = Math.min(1 + random.nextInt(20), bytes.length - at);
    byte sign = (byte) SIGNS.charAt(random.nextInt(SIGNS.length()));
    byte[] some = Arrays.copyOfRange(bytes, at, at + length);
    return switch (random.nextInt(5)) {
      case 0 -> spliced(bytes, at, 1, new byte[] {(byte) random.nextInt(256)});
      case 1 -> spliced(bytes, at, length, new byte[0]);
      case 2 -> spliced(bytes, at, 0, some);
      case 3 -> spliced(bytes, at, 1, new byte[] {sign});
      default -> spliced(bytes, at, 0, new byte[] {sign});
    };
  }

  private static byte[] spliced(byte[] bytes, int at, int without, byte[] with) {
    ByteBuffer out = ByteBuffer.allocate(bytes.length - without + with.length);
    out.put(bytes, 0, at).put(with);
    return out.put(bytes, at + without, bytes.length - at - without).array();
  }

  /** Changes one value, somewhere in the tree. */
  private static void change(ObjectNode root, Random random) {
    List<JsonNode> containers = new ArrayList<>();
    collect(root, containers);
    JsonNode parent = containers.get(random.nextInt(containers.size()));
    if (parent instanceof ObjectNode object && !object.isEmpty()) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      String name = names.get(random.nextInt(names.size()));
      switch (random.nextInt(4)) {
        case 0 -> object.remove(name);
        case 1 -> object.set("" + string(random), object.get(name).deepCopy());
        default -> object.set(name, value(object.get(name), root, random));
      }
    } else if (parent instanceof ArrayNode array && !array.isEmpty()) {
      int at = random.nextInt(array.size());
      switch (random.nextInt(4)) {
        case 0 -> array.remove(at);
        case 1 -> array.insert(random.nextInt(array.size()), array.get(at).deepCopy());
        default -> array.set(at, value(array.get(at), root, random));
      }
    }
  }

  private static void collect(JsonNode node, List<JsonNode> containers) {
    if (node.isContainerNode()) {
      containers.add(node);
      node.forEach(inner -> collect(inner, containers));
    }
  }

  /** Mostly of the same type as before: the rest is refused at once. */
  private static JsonNode value(JsonNode old, ObjectNode root, Random random) {
    JsonNodeFactory json = JsonNodeFactory.instance;
    int kind = random.nextInt(4) == 0 ? random.nextInt(5) : -1;
    if (kind == 0 || kind < 0 && old.isNumber()) {
      long[] numbers = {0, 1, 2, 5, 8, 9, 10, -1, 100, 255, 1 << 20, 1 << 24, 1L << 31, 1L << 40};
      return random.nextInt(8) == 0
          ? json.numberNode(random.nextGaussian() * 1e3)
          : json.numberNode(numbers[random.nextInt(numbers.length)]);
    }
    if (kind == 1 || kind < 0 && old.isTextual()) {
      return json.textNode(string(random));
    }
    if (kind == 2 || kind < 0 && old.isBoolean()) {
      return json.booleanNode(random.nextBoolean());
    }
    if (kind == 3) {
      return json.nullNode();
    }
    List<JsonNode> containers = new ArrayList<>();
    collect(root, containers);
    return containers.get(random.nextInt(containers.size())).deepCopy();
  }

  private static String string(Random random) {
    String[] strings = {
      "",
      " ",
      "a",
      "b",
      "ab",
      "abc",
      "\u2581",
      "\u0120",
      "##",
      "<s>",
      "<unk>",
      "<new>",
      "a b",
      "\u00e9",
      "\uD83E\uDD99",
      "#\u00e9",
      "(a+)+$",
      "a*b",
      "[",
      "\\s+",
      "x",
      "A",
      "B",
      "BPE",
      "Unigram",
      "WordPiece",
      "ByteLevel",
      "Metaspace",
      "Sequence",
      "Strip",
      "Replace",
      "Digits",
      "NFKD",
      "Lowercase",
      "StripAccents",
      "Nmt",
      "ByteFallback",
      "Fuse",
      "WordPiece",
      "Removed",
      "MergedWithPrevious",
      "MergedWithNext",
      "Contiguous",
      "Split",
      "never",
      "first",
      "String",
      "Regex",
      "a".repeat(300),
      "<0x41>",
      "unk_token",
      "continuing_subword_prefix",
      "dropout",
      "end_of_word_suffix",
      "CharDelimiterSplit",
      "RobertaProcessing",
      "stop",
      "start",
      "content",
      "ids",
      "tokens"
    };
    return strings[random.nextInt(strings.length)];
  }
}
