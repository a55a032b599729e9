package org.mixtureofmasks.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.StrictJson;

class CheckpointsTest {
  @TempDir Path folder;

  @Test
  void aFolderWithOneFileOfWeightsIsRead() {
    write("config.json", "{\"model_type\": \"llama\"}");
    weights("model.safetensors", "a", "b");
    try (Checkpoint c = Checkpoints.open(folder)) {
      assertEquals(Checkpoint.Format.HUGGING_FACE, c.format());
      assertEquals(List.of("a", "b"), List.copyOf(c.tensors().keySet()));
      assertEquals("llama", c.metadata().get("model_type").textValue());
      c.metadata().remove("model_type");
      assertTrue(c.metadata().has("model_type"), "callers get their own copy");
      assertThrows(UnsupportedOperationException.class, () -> c.tensors().clear());
    }
  }

  @Test
  void shardsAreReadAsOneModel() {
    shards("{\"a\": \"m-1.safetensors\", \"b\": \"m-2.safetensors\", \"c\": \"m-2.safetensors\"}");
    weights("m-1.safetensors", "a");
    weights("m-2.safetensors", "b", "c");
    try (Checkpoint c = Checkpoints.open(folder)) {
      assertEquals(List.of("a", "b", "c"), List.copyOf(c.tensors().keySet()));
      assertEquals("m-2.safetensors", c.tensors().get("c").file().getFileName().toString());
      assertEquals(
          folder.resolve("m-1.safetensors").toFile().length()
              + folder.resolve("m-2.safetensors").toFile().length(),
          c.bytes());
    }
  }

  @Test
  void aMissingShardIsNamed() {
    shards("{\"a\": \"m-1.safetensors\", \"b\": \"m-2.safetensors\"}");
    weights("m-1.safetensors", "a");
    assertRefused(folder.resolve("m-2.safetensors") + ": this shard is missing");
  }

  @Test
  void anIndexAndItsShardsMustAgree() {
    weights("m-1.safetensors", "a");
    weights("m-2.safetensors", "b");
    shards("{\"a\": \"m-1.safetensors\", \"b\": \"m-2.safetensors\", \"c\": \"m-2.safetensors\"}");
    assertRefused("says that tensor 'c' is in m-2.safetensors; it is not");
    shards("{\"a\": \"m-2.safetensors\", \"b\": \"m-1.safetensors\"}");
    assertRefused("says that tensor 'a' is in m-2.safetensors; it is not");
    weights("m-2.safetensors", "a", "b");
    shards("{\"a\": \"m-1.safetensors\", \"b\": \"m-2.safetensors\"}");
    assertRefused("holds tensor 'a', which is in m-1.safetensors too");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"weight_map": {"a": "../m-1.safetensors"}}   | must name a .safetensors file of the same folder
          {"weight_map": {"a": "/etc/m-1.safetensors"}} | must name a .safetensors file of the same folder
          {"weight_map": {"a": "c:m-1.safetensors"}}    | must name a .safetensors file of the same folder
          {"weight_map": {"a": "pickle.bin"}}           | must name a .safetensors file of the same folder
          {"weight_map": {"a": 1}}                      | must name a .safetensors file of the same folder
          {"weight_map": {"a": "m.safetensors", "a": "n.safetensors"}} | Duplicate field 'a'
          {"weight_map": []}                            | weight_map must be an object
          {"weight_map": {}}                            | has no weight_map, or an empty one
          {"metadata": {"weight_map": {"a": "b"}}}      | has no weight_map, or an empty one
          {"metadata": [{}, [1, {"k": 2}]], "x": null}  | has no weight_map, or an empty one
          {"weight_map": {"a": "m.safetensors"}} {}     | something follows
          {"metadata": {                                | not valid JSON
          []                                            | must hold a JSON object
          {                                             | not valid JSON
          """)
  void aBadIndexIsRefused(String index, String reason) {
    write("config.json", "{}");
    write("model.safetensors.index.json", index);
    assertRefused(reason);
  }

  @Test
  void anIndexOfEndlessKeysIsRefused() {
    StringBuilder keys = new StringBuilder("{\"metadata\": {\"k\": 0");
    for (int i = 0; i < 65_536; i++) {
      keys.append(",\"").append(i).append("\":0");
    }
    write("config.json", "{}");
    write("model.safetensors.index.json", keys + "}}");
    assertRefused("has more than 65536 keys outside weight_map");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"a": 1, "a": 2} | Duplicate field 'a'
          [1]              | must hold a JSON object
          {"a": NaN}       | not valid JSON
          {} {}            | something follows
          """)
  void aBadConfigIsRefused(String config, String reason) {
    write("config.json", config);
    assertRefused(reason);
  }

  @Test
  void aConfigNestedWithoutEndIsRefused() {
    write("config.json", "{\"a\":" + "[".repeat(1_000_000));
    assertRefused("nesting depth");
    write("config.json", " ".repeat((int) StrictJson.CONFIG_LIMIT) + "{}");
    assertRefused("at most 4194304 are read");
  }

  @Test
  void aConfigInUtf16IsRefused() {
    byte[] utf16 = "{\"a\": 1}".getBytes(java.nio.charset.StandardCharsets.UTF_16LE);
    Bytes.file(folder.resolve("config.json"), utf16);
    assertRefused("not valid JSON");
  }

  @Test
  void aPathThatDoesNotExistIsSaid() {
    Path nowhere = folder.resolve("nowhere");
    String message = assertThrows(UserError.class, () -> Checkpoints.open(nowhere)).getMessage();
    assertTrue(message.startsWith(nowhere + ": does not exist; expected is"), message);
  }

  @Test
  void aWrongFolderSaysWhatItHoldsAndWhatIsExpected() {
    assertRefused("has no config.json; it holds nothing; expected are config.json, tokenizer.json");
    for (int i = 0; i < 8; i++) {
      write("notes" + i + ".txt", "");
    }
    assertRefused(
        "it holds notes0.txt, notes1.txt, notes2.txt, notes3.txt, notes4.txt, notes5.txt"
            + " and 2 more");
  }

  @Test
  void aFolderWithoutWeightsSaysHowToGoOn() {
    write("config.json", "{}");
    assertRefused("has config.json but no weights: neither model.safetensors nor");
    write("pytorch_model.bin", "");
    assertRefused("save the model with save_pretrained");
    write("model.Q8_0.gguf", "");
    assertRefused("give the .gguf file itself: " + folder.resolve("model.Q8_0.gguf"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          model.safetensors | anything | give the folder that holds it
          config.json       | {}       | give the folder that holds it
          model.gguf        | GGML     | does not begin with 'GGUF'
          model.bin         | 24ka     | is a versioned llama2.c file
          tiny.bin          | x        | too short for any model
          notes.txt         | Once upon a time there was a little girl named Lily | is neither GGUF nor a llama2.c
          """)
  void aFileOfNoKnownFormatIsRefused(String name, String content, String reason) {
    write(name, content);
    String message =
        assertThrows(BadCheckpoint.class, () -> Checkpoints.open(folder.resolve(name)))
            .getMessage();
    assertTrue(message.contains(reason), message);
  }

  @Test
  void aZipIsNotUnpickled() {
    Path zip = Bytes.file(folder.resolve("model.pt"), new byte[] {'P', 'K', 3, 4, 0, 0});
    String message = assertThrows(BadCheckpoint.class, () -> Checkpoints.open(zip)).getMessage();
    assertTrue(message.contains("pickles are not read"), message);
  }

  private void assertRefused(String reason) {
    String message = assertThrows(BadCheckpoint.class, () -> Checkpoints.open(folder)).getMessage();
    assertTrue(message.contains(reason), message);
    assertFalse(message.contains("\n"), message);
  }

  private void shards(String weightMap) {
    write("config.json", "{}");
    write("model.safetensors.index.json", "{\"metadata\": {}, \"weight_map\": " + weightMap + "}");
  }

  private void weights(String file, String... names) {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    for (String name : names) {
      tensors.put(name, TensorSource.of(new float[] {1, 2}, 2));
    }
    SafetensorsWriter.write(folder.resolve(file), Map.of(), tensors);
  }

  private void write(String name, String text) {
    try {
      Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
