package org.mixtureofmasks.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The ids are those of the tools that the models were made with, to the last one. */
class TokenizerIdsTest {
  private static final JsonNode IDS = Fixtures.json("ids.json");

  @ParameterizedTest
  @ValueSource(strings = {"smollm2-tokenizer.json", "mistral-tokenizer.json", "mom-4m"})
  void theIdsArePythonsIds(String name) {
    List<String> texts = Fixtures.texts();
    assertEquals(texts.size(), IDS.get(name).size());
    try (Tokenizer tokenizer = Fixtures.open(name)) {
      for (int i = 0; i < texts.size(); i++) {
        assertArrayEquals(
            Fixtures.ints(IDS.get(name).get(i)), tokenizer.encode(texts.get(i)), texts.get(i));
      }
    }
  }

  /** llama2.c's and GGUF's scores, turned into merges, against SentencePiece itself. */
  @ParameterizedTest
  @ValueSource(strings = {"llama2-tokenizer.bin", "ggml-vocab-llama-spm.gguf"})
  void llama2FromScoresIsSentencePiece(String name) {
    JsonNode expected = IDS.get("llama2 by sentencepiece");
    try (Tokenizer tokenizer = Fixtures.open(name)) {
      for (int i = 0; i < expected.size(); i++) {
        String text = Fixtures.texts().get(i);
        assertArrayEquals(
            Fixtures.ints(expected.get(i)), tokenizer.encode(text, false), "'" + text + "'");
      }
      assertEquals(32000, tokenizer.vocabularySize());
      assertEquals(1, tokenizer.bos().orElseThrow());
      assertEquals(1, tokenizer.encode("x")[0], "BOS is added unless asked otherwise");
    }
  }

  /** The vectors of llama.cpp. (There are some for Qwen2 too, but without a vocabulary.) */
  @Test
  void llamaCppsVectorsPass() throws IOException {
    Path gguf = Fixtures.path("ggml-vocab-llama-spm.gguf");
    String[] texts = Files.readString(Path.of(gguf + ".inp")).split("\n__ggml_vocab_test__\n", -1);
    List<String> ids = Files.readAllLines(Path.of(gguf + ".out"));
    assertEquals(texts.length - 1, ids.size(), "the file ends with a separator");
    try (Tokenizer tokenizer = Tokenizer.open(gguf)) {
      for (int i = 0; i < ids.size(); i++) {
        String line = ids.get(i).strip();
        int[] expected =
            line.isEmpty()
                ? new int[0]
                : Arrays.stream(line.split(" +")).mapToInt(Integer::parseInt).toArray();
        assertArrayEquals(expected, tokenizer.encode(texts[i], false), "'" + texts[i] + "'");
      }
    }
  }

  private static final String STORY =
      "Once upon a time, there was a little girl named Lily. She loved to play outside in the park"
          + " with her dog. One day, she saw a big red ball under a tree.";
  private static final int[] STORY_IDS = {
    1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338, 401, 396,
    267, 337, 410, 408, 419, 292, 411, 322, 265, 282, 295, 433, 335, 311, 400, 428, 426, 385, 328,
    432, 358, 394, 261, 370, 352, 266, 268, 388, 318, 264, 285, 261, 259, 276, 411, 426
  };

  /** The ids of run.c; the tokenizer is found beside the model. */
  @ParameterizedTest
  @ValueSource(strings = {"stories260K.bin", "tok512.bin"})
  void theStoriesModelReadsItsPromptAsRunCDoes(String name) {
    try (Tokenizer tokenizer = Fixtures.open("../models/" + name)) {
      assertArrayEquals(STORY_IDS, tokenizer.encode(STORY));
      assertEquals(STORY, tokenizer.decode(STORY_IDS, true));
      assertEquals(512, tokenizer.vocabularySize());
      assertTrue(tokenizer.eos().contains(2) && tokenizer.eos().contains(1));
    }
  }

  @ParameterizedTest
  @CsvSource({"SmolLM2-135M-Instruct.Q4_1.gguf,smollm2-tokenizer.json"})
  void aGgufsOwnVocabularyGivesTheIdsOfItsTokenizerJson(String gguf, String json) {
    String models = System.getenv("MOM_MODELS");
    assumeTrue(
        models != null && Files.exists(Path.of(models, gguf)),
        "MOM_MODELS names no folder with " + gguf);
    try (Tokenizer own = Tokenizer.open(Path.of(models, gguf));
        Tokenizer reference = Fixtures.open(json)) {
      for (String text : Fixtures.texts()) {
        assertArrayEquals(reference.encode(text), own.encode(text), text);
      }
    }
  }
}
