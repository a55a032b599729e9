package org.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** Whole files of a model that are damaged, absent in disguise, or more than is needed. */
class ModelFilesTest {
  private static final String POINTER =
      """
      version https://git-lfs.github.com/spec/v1
      oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
      size 12345
      """;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json"
      })
  void aFileThatWasNotFetchedIsNamed(String name) throws IOException {
    MadeFiles.folder(folder, Map.of());
    Files.writeString(folder.resolve(name), POINTER);
    String pointer = refusal(folder);
    assertTrue(pointer.contains(name) && pointer.contains("git-lfs pointer"), pointer);
    Files.writeString(folder.resolve(name), "\n<!DOCTYPE html><html>Sign in</html>");
    String page = refusal(folder);
    assertTrue(page.contains(name) && page.contains("HTML page"), page);
  }

  @ParameterizedTest
  @ValueSource(strings = {"m.gguf", "m.bin", "model.safetensors.index.json"})
  void soIsAModelThatIsOneFileAndAnIndex(String name) throws IOException {
    Path model = folder.resolve(name);
    if (name.endsWith(".json")) {
      MadeFiles.folder(folder, Map.of());
      Files.delete(folder.resolve("model.safetensors"));
      model = folder;
    }
    Files.writeString(folder.resolve(name), POINTER);
    String said = refusal(model);
    assertTrue(said.contains(name) && said.contains("git-lfs pointer"), said);
  }

  private static String refusal(Path model) {
    String said = assertThrows(BadCheckpoint.class, () -> MadeFiles.facts(model)).getMessage();
    assertEquals(1, said.lines().count(), said);
    return said;
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"eos_token_id\": 7,}", "[]", "", "\u0000"})
  void aBrokenGenerationConfigIsLeftOut(String broken) throws IOException {
    MadeFiles.Facts without = MadeFiles.folder(folder, Map.of());
    assertEquals(without, MadeFiles.folder(folder, Map.of("generation_config.json", broken)));
  }

  @Test
  void aPlainTokenThatTokenizerJsonLacksIsRefused() throws IOException {
    String more =
        "{\"added_tokens_decoder\": {\"9\": {\"content\": \"<more>\", \"special\": false}}}";
    String said =
        assertThrows(
                BadCheckpoint.class,
                () -> MadeFiles.folder(folder, Map.of("tokenizer_config.json", more)))
            .getMessage();
    assertTrue(said.contains("lacks the token '<more>'"), said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"})
  void jsonInAnotherEncodingIsRefusedInOneLine(String charset) throws IOException {
    MadeFiles.folder(folder, Map.of());
    byte[] bytes = MadeFiles.TOKENIZER.replace("Ġ", "G").getBytes(Charset.forName(charset));
    for (String name : new String[] {"tokenizer.json", "config.json"}) {
      Files.write(folder.resolve(name), bytes);
      assertTrue(refusal(folder).contains(name));
    }
  }

  /** llama.cpp knows tokens that end texts by their names, whatever keys and types say. */
  @ParameterizedTest
  @CsvSource({
    "<|eot_id|>,true",
    "<|im_end|>,true",
    "<|end|>,true",
    "<end_of_turn>,true",
    "<|endoftext|>,true",
    "<|file_sep|>,true",
    "<|start|>,false"
  })
  void tokensThatEndTextsAreKnownByName(String name, boolean ends) throws IOException {
    MadeFiles.Facts facts = MadeFiles.gguf(folder.resolve("m.gguf"), named(Map.of(9, name)));
    assertEquals(ends ? Set.of(2, 9) : Set.of(2), facts.ends());
    assertEquals(facts.ends(), Set.copyOf(facts.config().eosTokens()));
    assertEquals(ends, !facts.withoutSpecial().contains(name), "it is left out of texts");
  }

  /** Of all tokens that end texts the vocabulary's own stands between them. */
  @Test
  void theSeparatorIsTheTokenizersOwnEnd() throws IOException {
    Path file = folder.resolve("m.gguf");
    Files.write(
        file, MadeFiles.gguf(named(Map.of(7, "<|eot_id|>")).put("tokenizer.ggml.eos_token_id", 9)));
    try (Tokenizer tokenizer = Tokenizer.open(file)) {
      assertEquals(Set.of(2, 7, 9), tokenizer.eos());
      assertEquals(OptionalInt.of(9), tokenizer.separator());
    }
    MadeFiles.folder(folder, Map.of("generation_config.json", "{\"eos_token_id\": [3, 4]}"));
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      assertEquals(OptionalInt.of(3), tokenizer.separator());
    }
  }

  @Test
  void someOfThemAreNoEndsBesideOthers() throws IOException {
    ObjectNode harmony = named(Map.of(7, "<|return|>", 8, "<|call|>", 9, "<|end|>"));
    assertEquals(Set.of(2, 7, 8), MadeFiles.gguf(folder.resolve("m.gguf"), harmony).ends());
    ObjectNode spoken = named(Map.of(9, "<|tool_response>")).put("tokenizer.ggml.eos_token_id", 8);
    assertEquals(Set.of(8, 9), MadeFiles.gguf(folder.resolve("m.gguf"), spoken).ends());
  }

  private static ObjectNode named(Map<Integer, String> names) throws IOException {
    ObjectNode metadata = MadeFiles.object(MadeFiles.GGUF);
    ArrayNode tokens = (ArrayNode) metadata.get("tokenizer.ggml.tokens");
    names.forEach(tokens::set);
    return metadata;
  }
}
