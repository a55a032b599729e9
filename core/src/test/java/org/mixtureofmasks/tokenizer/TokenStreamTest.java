package org.mixtureofmasks.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenStreamTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "mom-4m",
        "smollm2-tokenizer.json",
        "mistral-tokenizer.json",
        "../models/tok512.bin",
        "ggml-vocab-llama-spm.gguf"
      })
  void thePiecesAreTheWholeText(String name) {
    Random random = new Random(11);
    try (Tokenizer tokenizer = Fixtures.open(name)) {
      for (String text : Fixtures.texts()) {
        same(tokenizer, tokenizer.encode(text));
      }
      for (int i = 0; i < 150; i++) {
        same(tokenizer, tokenizer.encode(Fixtures.randomText(random)));
      }
    }
  }

  /** Models write what they like: half characters, stray bytes, special tokens in between. */
  @ParameterizedTest
  @ValueSource(strings = {"mom-4m", "smollm2-tokenizer.json"})
  void thePiecesOfRandomIdsAreTheWholeTextToo(String name) {
    Random random = new Random(13);
    try (Tokenizer tokenizer = Fixtures.open(name)) {
      for (int i = 0; i < 150; i++) {
        // The first ids are single bytes and special tokens: few of their rows are UTF-8.
        int bound = i % 2 == 0 ? 280 : tokenizer.vocabularySize();
        same(tokenizer, random.ints(random.nextInt(60), 0, bound).toArray());
      }
    }
  }

  /** With byte fallback, likewise, as long as there is no bad byte behind good ones in a row. */
  @ParameterizedTest
  @ValueSource(strings = {"mistral-tokenizer.json", "../models/tok512.bin"})
  void thePiecesOfRandomWordsAreTheWholeTextWithByteFallback(String name) {
    Random random = new Random(17);
    try (Tokenizer tokenizer = Fixtures.open(name)) {
      for (int i = 0; i < 150; i++) {
        int[] ids = random.ints(30, 259, tokenizer.vocabularySize()).toArray();
        ids[random.nextInt(30)] = random.nextInt(3); // a special token
        ids[random.nextInt(30)] = 3 + random.nextInt(256); // a byte, often not UTF-8 by itself
        same(tokenizer, ids);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mom-4m", "mistral-tokenizer.json"})
  void anEmojiAppearsWithItsLastByte(String name) {
    try (Tokenizer tokenizer = Fixtures.open(name)) {
      int[] ids = tokenizer.encode("x\uD83E\uDD99\uD83E\uDD99y");
      TokenStream stream = tokenizer.stream(true);
      int pieces = 0;
      for (int id : ids) {
        String piece = stream.accept(id);
        assertFalse(piece.contains("\uFFFD"), piece);
        assertTrue(piece.isEmpty() || !Character.isHighSurrogate(piece.charAt(piece.length() - 1)));
        pieces += piece.equals("\uD83E\uDD99") ? 1 : 0;
      }
      assertEquals(2, pieces, "each emoji is a piece of its own, before the text has ended");
      assertEquals("", stream.flush());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mom-4m", "mistral-tokenizer.json"})
  void whatIsCutOffIsFlushedAsTheReplacementCharacter(String name) {
    try (Tokenizer tokenizer = Fixtures.open(name)) {
      int[] ids = tokenizer.encode("a\uD83E\uDD99", false);
      int[] cut = Arrays.copyOf(ids, ids.length - 1);
      same(tokenizer, cut);
      assertTrue(tokenizer.decode(cut, false).endsWith("\uFFFD"));
    }
  }

  /** SentencePiece drops the space before the first word of a text: a continuation keeps it. */
  @ParameterizedTest
  @ValueSource(strings = {"mom-4m", "mistral-tokenizer.json", "../models/tok512.bin"})
  void aContinuationFollowsItsPrompt(String name) {
    try (Tokenizer tokenizer = Fixtures.open(name)) {
      String text = "Once upon a time there was \uD83E\uDD99 and a little girl.";
      int[] ids = tokenizer.encode(text);
      String whole = tokenizer.decode(ids, true);
      for (int cut = 0; cut <= ids.length; cut++) {
        int[] prompt = Arrays.copyOf(ids, cut);
        TokenStream before = tokenizer.stream(true);
        StringBuilder joined = new StringBuilder();
        for (int id : prompt) {
          joined.append(before.accept(id));
        }
        TokenStream stream = tokenizer.stream(prompt, true);
        for (int i = cut; i < ids.length; i++) {
          joined.append(stream.accept(ids[i]));
        }
        assertEquals(whole, joined + stream.flush(), "cut at " + cut);
      }
    }
  }

  /** Endless half characters must neither be held for ever nor make each step slower. */
  @Test
  void endlessStrayBytesAreGivenAsTheyCome() {
    try (Tokenizer tokenizer = Fixtures.open("mom-4m")) {
      int lead = tokenizer.encode("\u4E00", false)[0]; // its first byte
      TokenStream stream = tokenizer.stream(true);
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 5000; i++) {
        text.append(stream.accept(lead));
      }
      assertEquals(4999, text.length());
      assertEquals("\uFFFD".repeat(5000), text + stream.flush());
    }
  }

  private static void same(Tokenizer tokenizer, int[] ids) {
    for (boolean skip : new boolean[] {true, false}) {
      TokenStream stream = tokenizer.stream(skip);
      StringBuilder text = new StringBuilder();
      for (int id : ids) {
        text.append(stream.accept(id));
      }
      text.append(stream.flush());
      assertEquals(tokenizer.decode(ids, skip), text.toString(), () -> Arrays.toString(ids));
    }
  }
}
