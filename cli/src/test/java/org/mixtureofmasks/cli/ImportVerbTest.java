package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.WeightType;
import org.mixtureofmasks.tokenizer.Tokenizer;

class ImportVerbTest {
  private static final Path STORIES = TestFiles.stories().toAbsolutePath();

  private static final String TEXT = "Once upon a time, there was a little girl named Lily.";

  @TempDir Path folder;

  @Test
  void aLlama2cFileBecomesAFolderWithTheSameTokensAndTheSameLogits() throws IOException {
    Path out = folder.resolve("stories");
    JsonNode report = CliRun.mom("import", STORIES, "--out", out, "--json").json();
    assertEquals("F32", report.path("dtype").textValue());
    assertEquals(Files.size(out.resolve("model.safetensors")), report.path("bytes").longValue());
    int[] ids;
    try (Tokenizer file = Tokenizer.open(STORIES);
        Tokenizer made = Tokenizer.open(out)) {
      ids = file.encode(TEXT);
      assertArrayEquals(ids, made.encode(TEXT));
      assertEquals(file.bos(), made.bos());
      assertEquals(file.eos(), made.eos());
      assertEquals(TEXT, made.decode(ids, true).strip());
    }
    assertSameLogits(logits(STORIES, ids), logits(out, ids));
  }

  @Test
  void theConfigIsOneThatTransformersReads() throws IOException {
    Path out = folder.resolve("stories");
    assertEquals(0, CliRun.mom("import", STORIES, "--out", out).exit());
    JsonNode config = new ObjectMapper().readTree(out.resolve("config.json").toFile());
    assertEquals("llama", config.path("model_type").textValue());
    assertEquals(64, config.path("hidden_size").intValue());
    assertEquals(172, config.path("intermediate_size").intValue());
    assertEquals(4, config.path("num_key_value_heads").intValue());
    assertEquals("float32", config.path("torch_dtype").textValue());
    assertTrue(config.path("tie_word_embeddings").booleanValue());
    assertEquals(1, config.path("bos_token_id").intValue());
  }

  @Test
  void weightsMayBeRoundedToBf16() throws IOException {
    Path out = folder.resolve("half");
    JsonNode report =
        CliRun.mom("import", STORIES, "--out", out, "--weights", "bf16", "--json").json();
    assertEquals("BF16", report.path("dtype").textValue());
    assertTrue(report.path("bytes").longValue() < report.path("bytes_read").longValue() * 0.6);
  }

  @Test
  void aFolderThatIsThereAlreadyIsLeftAlone() throws IOException {
    Path out = Files.createDirectory(folder.resolve("taken"));
    Files.writeString(out.resolve("mine.txt"), "mine");
    String error = CliRun.mom("import", STORIES, "--out", out).failure(1);
    assertTrue(error.contains("exists already"), error);
    assertEquals("mine", Files.readString(out.resolve("mine.txt")));
  }

  @Test
  void aHuggingFaceFolderNeedsNoImport() {
    Path first = folder.resolve("first");
    assertEquals(0, CliRun.mom("import", STORIES, "--out", first).exit());
    String error = CliRun.mom("import", first, "--out", folder.resolve("second")).failure(1);
    assertEquals(first + " is a Hugging Face folder already: use it as it is", error);
    assertFalse(Files.exists(folder.resolve("second")));
  }

  @Test
  @EnabledIfEnvironmentVariable(named = "MOM_MODELS", matches = ".+")
  void aQuantisedGgufBecomesTheFolderThatTransformersFoundEqual() {
    Path models = Path.of(System.getenv("MOM_MODELS"));
    Path out = folder.resolve("smollm2");
    Path gguf = models.resolve("SmolLM2-135M-Instruct.Q4_1.gguf");
    assertEquals(0, CliRun.mom("import", gguf, "--out", out).exit());
    int[] ids;
    try (Tokenizer theirs = Tokenizer.open(models.resolve("SmolLM2-135M-Instruct"));
        Tokenizer made = Tokenizer.open(out)) {
      ids = theirs.encode(TEXT);
      assertArrayEquals(ids, made.encode(TEXT));
    }
    assertSameLogits(logits(models.resolve("SmolLM2-135M-Instruct"), ids), logits(out, ids));
  }

  private static List<float[]> logits(Path model, int[] ids) {
    List<float[]> rows = new ArrayList<>();
    try (Model llama = Model.open(model, new LoadOptions(WeightType.AUTO, 1))) {
      llama.forwardEach(llama.newState(64), ids, 0, ids.length, (i, row) -> rows.add(row.clone()));
    }
    return rows;
  }

  /** The weights are the same bits, so the logits are. */
  private static void assertSameLogits(List<float[]> expected, List<float[]> got) {
    assertEquals(expected.size(), got.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), got.get(i), "position " + i);
    }
  }
}
