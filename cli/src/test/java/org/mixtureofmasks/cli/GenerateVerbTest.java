package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.cli.CliRun.mom;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.tokenizer.ChatMarkers;

class GenerateVerbTest {
  private static final Path MODEL = TestFiles.stories();

  @TempDir private Path folder;

  @Test
  void jsonHasTheKeysThatScriptsRelyOn() throws IOException {
    JsonNode json =
        mom("generate", MODEL, "--prompt", "Once upon a time", "--max-tokens", 10, "--json").json();
    assertEquals(", there was a little girl named Lily", json.get("text").asText());
    assertEquals("[432,383,286,261,376,298,315,421,395,317]", json.get("token_ids").toString());
    assertEquals("[1,403,407,261,378]", json.get("prompt_token_ids").toString());
    assertEquals("length", json.get("finish_reason").asText());
    assertTrue(json.get("prompt_tokens_per_second").asDouble() > 0);
    assertTrue(json.get("decode_tokens_per_second").asDouble() > 0);
  }

  @Test
  void withoutJsonOnlyTheTextGoesToStdout() {
    CliRun run = mom("generate", MODEL, "--prompt", "Once upon a time", "--max-tokens", 10);
    assertEquals(", there was a little girl named Lily" + System.lineSeparator(), run.out());
    assertTrue(run.err().contains("5 prompt tokens"), run.err());
    assertTrue(run.err().contains("finish reason: length"), run.err());
  }

  @Test
  void aPromptFromAFileAndIdsGivesWhatTheSameTextGives() throws IOException {
    Path file = Files.writeString(folder.resolve("prompt.txt"), "Once upon a time");
    JsonNode fromFile =
        mom("generate", MODEL, "--prompt-file", file, "--max-tokens", 10, "--json").json();
    JsonNode fromIds =
        mom("generate", MODEL, "--prompt-ids", "1,403,407,261,378", "--max-tokens", 10, "--json")
            .json();
    assertEquals(fromFile.get("token_ids"), fromIds.get("token_ids"));
    assertEquals(", there was a little girl named Lily", fromIds.get("text").asText());
  }

  @Test
  void aPromptComesFromStandardInputByADash() throws IOException {
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream("Once upon a time".getBytes(StandardCharsets.UTF_8)));
      JsonNode json =
          mom("generate", MODEL, "--prompt-file", "-", "--max-tokens", 2, "--json").json();
      assertEquals("[1,403,407,261,378]", json.get("prompt_token_ids").toString());
      System.setIn(new ByteArrayInputStream(new byte[] {(byte) 0xC3}));
      assertEquals(
          "standard input: not UTF-8 text: convert it",
          mom("generate", MODEL, "--prompt-file", "-").failure(1));
    } finally {
      System.setIn(before);
    }
  }

  /** An embedded model with a template beside it: of its kind only the file is looked at. */
  @Test
  void aModelOfConversationsSaysThatARawPromptIsRaw() throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"chat_template": "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}"}
        """);
    assertEquals(Set.of("<|im_start|>", "<|im_end|>"), ChatMarkers.of(folder));
    String said = PromptForm.of(folder, "What is 2+2?").orElseThrow();
    assertTrue(said.contains("<|im_start|>, <|im_end|>"), said);
    assertEquals(Optional.empty(), PromptForm.of(folder, "<|im_start|>user\nWhat is 2+2?"));
    assertEquals(Optional.empty(), PromptForm.of(MODEL, "Once upon a time"));
    Files.writeString(folder.resolve("chat_template.jinja"), "### User: {{ m }}");
    assertEquals(Set.of(), ChatMarkers.of(folder), "plain words tell nothing");
  }

  @Test
  void aBlankAnswerIsNoSilence() {
    CliRun run = mom("generate", MODEL, "--prompt", "Once upon a time", "--stop", ",");
    assertEquals(0, run.exit());
    assertEquals(System.lineSeparator(), run.out());
    assertTrue(run.err().contains("mom: the answer is blank: the model ended"), run.err());
  }

  @Test
  void stopStringsEndTheTextAndAreNotPrinted() throws IOException {
    JsonNode json =
        mom(
                "generate",
                MODEL,
                "--prompt",
                "Once upon a time",
                "--stop",
                "zebra",
                "--stop",
                "girl na",
                "--json")
            .json();
    assertEquals(", there was a little ", json.get("text").asText());
    assertEquals("stop", json.get("finish_reason").asText());
  }

  @Test
  void theSeedDecidesASampledText() throws IOException {
    assertEquals(sampled(7), sampled(7));
    assertNotEquals(sampled(7), sampled(8));
  }

  @Test
  void aSeedThatWasNotGivenIsReportedAndGivesTheSameTextAgain() throws IOException {
    JsonNode first =
        mom("generate", MODEL, "--prompt", "A", "--temperature", 1, "--max-tokens", 30, "--json")
            .json();
    assertEquals(first.get("token_ids"), sampled(first.get("seed").asLong(), "A"));
  }

  @Test
  void aMissingTokenizerIsNamedWithTheOptionThatMendsIt() throws IOException {
    Path alone = Files.copy(MODEL, folder.resolve("alone.bin"));
    String error = mom("generate", alone, "--prompt", "Once").failure(1);
    assertTrue(error.contains("alone.bin"), error);
    assertTrue(error.contains("tok512.bin"), error);
    assertTrue(error.contains("--tokenizer FILE"), error);
    CliRun mended =
        mom(
            "generate",
            alone,
            "--prompt",
            "Once upon a time",
            "--max-tokens",
            3,
            "--tokenizer",
            MODEL.resolveSibling("tok512.bin"));
    assertEquals(", there was" + System.lineSeparator(), mended.out());
  }

  @Test
  void idsNeedNoTokenizerButItIsSaid() throws IOException {
    Path alone = Files.copy(MODEL, folder.resolve("alone.bin"));
    CliRun run =
        mom("generate", alone, "--prompt-ids", "1,403,407,261,378", "--max-tokens", 3, "--json");
    assertTrue(run.json().get("text").isNull());
    assertEquals("[432,383,286]", run.json().get("token_ids").toString());
    assertTrue(run.err().contains("token ids only, without text"), run.err());
  }

  @Test
  void aWrongFolderIsNamed() {
    Path missing = folder.resolve("no-such-model");
    String error = mom("generate", missing, "--prompt", "x").failure(1);
    assertTrue(error.contains(missing.toString()), error);
    assertTrue(mom("generate", folder, "--prompt", "x").failure(1).contains("config.json"));
  }

  @Test
  void aTokenIdOutOfRangeIsNamedWithTheRange() {
    String error = mom("generate", MODEL, "--prompt-ids", "1,600", "--max-tokens", 1).failure(1);
    assertTrue(error.contains("id 600") && error.contains("0 to 511"), error);
  }

  @Test
  void anExceededContextSaysTheLimit() {
    String error =
        mom("generate", MODEL, "--prompt", "Once upon a time", "--max-tokens", 600).failure(1);
    assertTrue(error.contains("context is 512 tokens"), error);
    assertTrue(error.contains("ask for at most 507"), error);
  }

  @Test
  void combinationsThatMeanNothingAreWrongUsage() {
    for (List<Object> wrong :
        List.<List<Object>>of(
            List.of("generate", MODEL),
            List.of("generate", MODEL, "--prompt", "a", "--prompt-ids", "1"),
            List.of("generate", "--prompt", "a"),
            List.of("generate", MODEL, "--prompt", "a", "--temprature", "1"),
            List.of("generate", MODEL, "--prompt", "a", "--temperature", "hot"),
            List.of("generate", MODEL, "--prompt", "a", "--temperature", "-1"),
            List.of("generate", MODEL, "--prompt", "a", "--top-p", "2"),
            List.of("generate", MODEL, "--prompt", "a", "--max-tokens", "0"),
            List.of("generate", MODEL, "--prompt", "a", "--stop", ""),
            List.of("generate", MODEL, "--prompt", "a", "--threads", "0"),
            List.of("generate", MODEL, "--prompt", "a", "--weights", "int3"))) {
      String error = mom(wrong.toArray()).failure(2);
      assertFalse(error.isBlank(), wrong.toString());
    }
  }

  @Test
  void aMisspelledOptionIsAnsweredWithTheRightOne() {
    CliRun run = mom("generate", MODEL, "--prompt", "a", "--temprature", "1");
    assertTrue(run.err().contains("--temperature"), run.err());
  }

  @Test
  void everyVerbsHelpShowsExamplesAndEveryOption() {
    for (String verb : List.of("generate", "evaluate", "bench", "compare", "doctor")) {
      CliRun run = mom(verb, "--help");
      assertEquals(0, run.exit());
      assertTrue(run.out().contains("Examples:"), run.out());
      assertTrue(run.out().contains("  mom " + verb), run.out());
      assertTrue(run.out().contains("--json"), run.out());
      assertTrue(run.out().lines().allMatch(line -> line.length() <= 100), run.out());
    }
    assertTrue(mom("generate", "--help").out().contains("Default: 0."));
  }

  private static JsonNode sampled(long seed) throws IOException {
    return sampled(seed, "Once upon a time");
  }

  private static JsonNode sampled(long seed, String prompt) throws IOException {
    return mom(
            "generate",
            MODEL,
            "--prompt",
            prompt,
            "--temperature",
            1,
            "--seed",
            seed,
            "--max-tokens",
            30,
            "--json")
        .json()
        .get("token_ids");
  }
}
