package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.cli.CliRun.mom;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.ledger.ResidentMemory;

class BenchVerbTest {
  private static final Path MODEL = TestFiles.stories();

  @Test
  void theFractionOfTheLimitFollowsFromTheOtherFigures() throws IOException {
    JsonNode json =
        mom("bench", MODEL, "--prompt-tokens", 8, "--tokens", 8, "--repetitions", 3, "--json")
            .json();
    double decode = json.get("decode_tokens_per_second").asDouble();
    double stream = json.get("stream_gigabytes_per_second").asDouble();
    assertTrue(decode > 0 && stream > 0 && json.get("prompt_tokens_per_second").asDouble() > 0);
    assertEquals(
        decode * json.get("bytes_per_token").asDouble() / (stream * 1e9),
        json.get("decode_fraction_of_limit").asDouble(),
        1e-9);
    assertEquals(3, json.get("decode_repetitions").size());
    // Five layers, four heads of eight numbers, keys and values of a page of 128 tokens in float32.
    assertEquals(5 * 4 * 8 * 2 * 128 * 4, json.get("kv_cache_bytes").asLong());
    if (ResidentMemory.now().isPresent()) {
      assertTrue(json.get("resident_bytes").asLong() > json.get("bytes").asLong());
    }
    // All weights and one row of the embedding, which is the output projection too.
    assertTrue(json.get("bytes_per_token").asLong() >= 1_040_128 - 512 * 64 * 4);
    assertEquals(1.0, json.get("active_ffn_share_measured").asDouble());
    assertEquals(1.0, json.get("share_all_in_measured").asDouble());
  }

  @Test
  void aReferenceIsTimedInTurnsAndGivesSpeedUps() throws IOException {
    JsonNode json =
        mom(
                "bench",
                MODEL,
                "--reference",
                MODEL,
                "--prompt-tokens",
                4,
                "--tokens",
                4,
                "--repetitions",
                2,
                "--json")
            .json();
    assertTrue(json.get("decode_speedup").asDouble() > 0);
    assertTrue(json.get("prompt_speedup").asDouble() > 0);
    assertEquals(2, json.get("reference").get("decode_repetitions").size());
    assertEquals(
        json.get("decode_tokens_per_second").asDouble()
            / json.at("/reference/decode_tokens_per_second").asDouble(),
        json.get("decode_speedup").asDouble(),
        1e-9);
  }

  @Test
  void theTableShowsSpreadsAndCallsModelsByWhatTheyAre() {
    CliRun run = mom("bench", MODEL, "--prompt-tokens", 4, "--tokens", 4, "--repetitions", 2);
    List<String> lines = run.out().lines().toList();
    assertEquals("dense", lines.getFirst().strip());
    assertTrue(lines.get(1).matches("model +stories260K.bin"), run.out());
    assertTrue(lines.get(2).matches("decode tokens/s +[\\d.]+ \\[[\\d.]+, [\\d.]+]"), run.out());
  }

  @Test
  void decodingBehindLongerTextsIsTimedWhereItIsAskedFor() throws IOException {
    Object[] command = {
      "bench", MODEL, "--prompt-tokens", 4, "--tokens", 4, "--repetitions", 2, "--context", "8,300"
    };
    String table = mom(command).out();
    assertTrue(table.lines().anyMatch(l -> l.startsWith("decode tokens/s, context 300 ")), table);
    Object[] json = Arrays.copyOf(command, command.length + 1);
    json[command.length] = "--json";
    JsonNode contexts = mom(json).json().get("contexts");
    assertEquals(2, contexts.size());
    assertEquals(1.0, contexts.get(0).get("over_first_context").asDouble());
    assertEquals(300, contexts.get(1).get("context_tokens").asInt());
    assertEquals(
        contexts.get(1).get("decode_tokens_per_second").asDouble()
            / contexts.get(0).get("decode_tokens_per_second").asDouble(),
        contexts.get(1).get("over_first_context").asDouble(),
        1e-9);
    command[command.length - 1] = "8,510";
    assertTrue(mom(command).failure(1).contains("lower --context or --tokens"));
  }

  @Test
  void textsThatAreDecodedTogetherAreTimedBesideOneAlone() throws IOException {
    Object[] command = {
      "bench", MODEL, "--batch", "3,2", "--prompt-tokens", 4, "--tokens", 4, "--repetitions", 2
    };
    Object[] withJson = Arrays.copyOf(command, command.length + 1);
    withJson[command.length] = "--json";
    JsonNode json = mom(withJson).json();
    assertEquals(2, json.get("batches").size());
    JsonNode three = json.get("batches").get(0);
    assertEquals(3, three.get("texts").asInt());
    assertEquals(2, three.get("decode_repetitions").size());
    assertEquals(2, three.get("decode_quartiles").size());
    assertEquals(
        three.get("decode_tokens_per_second").asDouble()
            / json.get("decode_tokens_per_second").asDouble(),
        three.get("over_one_text").asDouble(),
        1e-9);
    String table = mom(command).out();
    assertTrue(
        table.lines().anyMatch(line -> line.matches("decode tokens/s, batch 2 +[\\d.]+ \\[.*")),
        table);
  }

  @Test
  void settingsThatCannotBeMetAreRefusedByName() {
    for (List<Object> wrong :
        List.<List<Object>>of(
            List.of("bench", MODEL, "--tokens", 0),
            List.of("bench", MODEL, "--repetitions", 0),
            List.of("bench", MODEL, "--batch", "4,0"),
            List.of("bench", MODEL, "--prompt-tokens", "many"))) {
      mom(wrong.toArray()).failure(2);
    }
    String error = mom("bench", MODEL, "--prompt-tokens", 500, "--tokens", 64).failure(1);
    assertTrue(error.contains("context is 512 tokens"), error);
    assertTrue(error.contains("--prompt-tokens"), error);
  }
}
