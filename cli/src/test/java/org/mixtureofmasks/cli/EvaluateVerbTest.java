package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.cli.CliRun.mom;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;

class EvaluateVerbTest {
  private static final Path MODEL = TestFiles.stories();

  /** The reference's prompt, whose perplexity an independent forward pass gave. */
  private static final String TEXT =
      "Once upon a time, there was a little girl named Lily. She loved to play outside in the park"
          + " with her dog. One day, she saw a big red ball under a tree.";

  private static final double PERPLEXITY = 1.6221199876343293;

  @TempDir private Path folder;

  @Test
  void jsonHasTheKeysThatScriptsRelyOn() throws IOException {
    JsonNode json = mom("evaluate", MODEL, "--text", text(), "--json").json();
    assertEquals(PERPLEXITY, json.get("perplexity").asDouble(), 1e-5);
    assertEquals(54, json.get("tokens").asInt());
    assertTrue(json.get("tokens_per_second").asDouble() > 0);
    assertEquals(1.0, json.get("active_ffn_share_measured").asDouble());
    assertEquals(1.0, json.get("share_all_in_measured").asDouble());
    assertEquals(1_040_128, json.get("bytes").asInt());
  }

  @Test
  void aModelKeepsAllOfItselfAsItsOwnReference() throws IOException {
    Path out = folder.resolve("new/folder");
    JsonNode json =
        mom("evaluate", MODEL, "--reference", MODEL, "--text", text(), "--json", "--out", out)
            .json();
    assertEquals(1.0, json.get("retention").asDouble(), 1e-5);
    assertEquals(PERPLEXITY, json.get("reference").get("perplexity").asDouble(), 1e-5);
    assertEquals(json, new ObjectMapper().readTree(out.resolve("results.json").toFile()));
    try (var files = Files.list(out)) {
      assertEquals(List.of("results.json"), files.map(f -> f.getFileName().toString()).toList());
    }
  }

  @Test
  void theTablePutsModelAndReferenceSideBySideAndSaysTheRule() throws IOException {
    CliRun run = mom("evaluate", MODEL, "--reference", MODEL, "--text", text());
    assertEquals(0, run.exit(), run.err());
    assertTrue(run.out().contains("stories260K.bin  stories260K.bin"), run.out());
    assertTrue(run.out().contains("1.6221"), run.out());
    assertTrue(run.out().contains("100.00 %"), run.out());
    assertTrue(run.out().contains("windows of 54 tokens every 54"), run.out());
  }

  @Test
  void aRunOfWindowsSaysItsWindowAndStride() throws IOException {
    JsonNode json =
        mom(
                "evaluate",
                MODEL,
                "--text",
                text(),
                "--window",
                16,
                "--stride",
                4,
                "--limit",
                30,
                "--json")
            .json();
    assertEquals(29, json.get("tokens").asInt());
    assertTrue(json.get("rule").asText().contains("windows of 16 tokens every 4"));
  }

  @Test
  void packedRowsOfSeveralFilesAreReportedEach() throws IOException {
    Path a = packed("a.u16", 1, 403, 407, 261, 378, 432, 383, 286);
    Path b = packed("b.u16", 1, 403, 407, 261);
    JsonNode json = mom("evaluate", MODEL, "--tokens", a, b, "--row", 4, "--json").json();
    assertEquals(9, json.get("tokens").asInt());
    assertEquals(2, json.get("files").size());
    double sum =
        6 * json.get("files").get(0).get("loss").asDouble()
            + 3 * json.get("files").get(1).get("loss").asDouble();
    assertEquals(Math.exp(sum / 9), json.get("perplexity").asDouble(), 1e-9);
  }

  @Test
  void wikiTextGivesWordAndBytePerplexity() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("wiki.raw"), " \n = A = \n Once upon a time . \n = B = \n The end . \n");
    JsonNode json = mom("evaluate", MODEL, "--wikitext", file, "--json").json();
    assertEquals(2, json.get("pages").asInt());
    double loss = json.get("loss").asDouble() * json.get("tokens").asInt();
    assertEquals(
        Math.exp(loss / json.get("words").asInt()), json.get("word_perplexity").asDouble(), 1e-6);
    assertEquals(
        loss / json.get("text_bytes").asInt() / Math.log(2),
        json.get("bits_per_byte").asDouble(),
        1e-9);
    assertEquals(
        1,
        mom("evaluate", MODEL, "--wikitext", file, "--limit", 1, "--json")
            .json()
            .get("pages")
            .asInt());
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamedAndTheOldResultsStay() throws IOException {
    Path file = Files.writeString(folder.resolve("a-file"), "old");
    String error = mom("evaluate", MODEL, "--text", text(), "--out", file).failure(1);
    assertTrue(error.startsWith("cannot write " + file + ": "), error);
    assertEquals("old", Files.readString(file));
  }

  @Test
  void filesThatCannotBeReadAreNamed() throws IOException {
    Path missing = folder.resolve("missing.txt");
    assertEquals(missing + ": no such file", mom("evaluate", MODEL, "--text", missing).failure(1));
    Path binary = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertTrue(mom("evaluate", MODEL, "--text", binary).failure(1).contains("not UTF-8"));
    Path odd = packed("odd.u16", 1, 2, 3);
    assertTrue(mom("evaluate", MODEL, "--tokens", odd, "--row", 2).failure(1).contains("6 bytes"));
  }

  @Test
  void combinationsThatMeanNothingAreWrongUsage() throws IOException {
    Path text = text();
    for (List<Object> wrong :
        List.<List<Object>>of(
            List.of("evaluate", MODEL),
            List.of("evaluate", MODEL, "--text", text, "--wikitext", text),
            List.of("evaluate", MODEL, "--text", text, "--row", 3),
            List.of("evaluate", MODEL, "--tokens", text),
            List.of("evaluate", MODEL, "--tokens", text, "--row", 4, "--window", 8),
            List.of("evaluate", MODEL, "--tokens", text, "--row", 4, "--tokenizer", text),
            List.of("evaluate", MODEL, "--tokens", text, "--row", 600),
            List.of("evaluate", MODEL, "--wikitext", text, "--stride", 8),
            List.of("evaluate", MODEL, "--text", text, "--window", 513),
            List.of("evaluate", MODEL, "--wikitext", text, "--window", 513),
            List.of("evaluate", MODEL, "--text", text, "--window", 0),
            List.of("evaluate", MODEL, "--text", text, "--window", 8, "--stride", 9),
            List.of("evaluate", MODEL, "--text", text, "--limit", -1))) {
      String error = mom(wrong.toArray()).failure(2);
      assertFalse(error.isBlank(), wrong.toString());
    }
    assertTrue(
        mom("evaluate", MODEL, "--tokens", text).failure(2).contains("--row 257"),
        "the mending is shown");
  }

  private Path text() throws IOException {
    return Files.writeString(folder.resolve("text.txt"), TEXT);
  }

  private Path packed(String name, int... ids) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(2 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int id : ids) {
      bytes.putShort((short) id);
    }
    return Files.write(folder.resolve(name), bytes.array());
  }
}
