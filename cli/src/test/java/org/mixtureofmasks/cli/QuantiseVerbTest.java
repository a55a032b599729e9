package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;

class QuantiseVerbTest {
  private static final Path STORIES = TestFiles.stories().toAbsolutePath();

  @TempDir Path folder;

  @Test
  void aFileBecomesAFolderOfInt8ThatRunsAndThatTransformersReads() throws IOException {
    Path out = folder.resolve("int8");
    JsonNode report =
        CliRun.mom("quantise", STORIES, "--weights", "int8", "--out", out, "--json").json();
    assertEquals("int8", report.path("weights").textValue());
    assertEquals("nearest", report.path("rounding").textValue());
    assertEquals(Files.size(out.resolve("model.safetensors")), report.path("bytes").longValue());
    assertTrue(
        report.path("bytes").longValue() < 0.3 * report.path("bytes_read").longValue(),
        "a quarter of f32, and headers");
    JsonNode config = new ObjectMapper().readTree(out.resolve("config.json").toFile());
    assertEquals(
        "compressed-tensors", config.path("quantization_config").path("quant_method").textValue());
    JsonNode made =
        CliRun.mom("generate", out, "--prompt", "Once upon a time", "--max-tokens", 8, "--json")
            .json();
    JsonNode loaded =
        CliRun.mom(
                "generate",
                STORIES,
                "--weights",
                "int8",
                "--prompt",
                "Once upon a time",
                "--max-tokens",
                8,
                "--json")
            .json();
    assertEquals(loaded.path("token_ids"), made.path("token_ids"));
    JsonNode inspected = CliRun.mom("inspect", out, "--json").json();
    assertTrue(inspected.path("runnable").booleanValue(), inspected.toString());
    assertTrue(inspected.path("bytes_by_dtype").has("INT8"), inspected.toString());
    assertEquals(
        CliRun.mom("inspect", STORIES, "--json").json().path("parameters").path("ffn"),
        inspected.path("parameters").path("ffn"));
  }

  @Test
  void rowsThatAreNoWholeBlocksAreRefusedByTheirTensorAndNothingIsWritten() {
    Path out = folder.resolve("q4");
    String error = CliRun.mom("quantise", STORIES, "--weights", "q4", "--out", out).failure(1);
    assertTrue(
        error.contains(
            "tensor 'model.layers.0.mlp.down_proj.weight': q4 holds rows of whole blocks of 32"
                + " weights, not 172; int8 holds rows of any length"),
        error);
    assertFalse(Files.exists(out));
  }

  @Test
  void wrongUseIsOneLine() throws IOException {
    Path out = folder.resolve("out");
    assertTrue(
        CliRun.mom("quantise", STORIES, "--weights", "bf16", "--out", out)
            .failure(2)
            .contains("INT8, Q4"));
    Files.createDirectory(out);
    Files.writeString(out.resolve("mine.txt"), "mine");
    assertTrue(
        CliRun.mom("quantise", STORIES, "--weights", "int8", "--out", out)
            .failure(1)
            .contains("exists already"));
    assertEquals("mine", Files.readString(out.resolve("mine.txt")));
  }
}
