package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.cli.CliRun.mom;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareVerbTest {
  @TempDir private Path folder;

  /** Results of one task as the harness writes them, with 1 for each right answer. */
  private Path results(String name, String prompt, int... right) throws IOException {
    Path own = Files.createDirectory(folder.resolve(name));
    Files.writeString(
        own.resolve("results_2026-01-02T03-04-05.000006.json"),
        """
        {"results": {"quiz": {"acc,none": 0.5}}, "group_subtasks": {},
         "configs": {"quiz": {"metric_list": [{"metric": "acc"}]}},
         "n-samples": {"quiz": {"original": 9, "effective": 4}}, "model_name": "%s"}
        """
            .formatted(name));
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < right.length; i++) {
      lines.add(
          "{\"doc_id\": %d, \"doc_hash\": \"d%d\", \"prompt_hash\": \"%s%d\", \"metrics\": [\"acc\"], \"acc\": %d.0}"
              .formatted(i, i, prompt, i, right[i]));
    }
    Files.write(own.resolve("samples_quiz_2026-01-02T03-04-05.000006.jsonl"), lines);
    return own;
  }

  @Test
  void theTableHasValuesDifferencesIntervalAndP() throws IOException {
    Path a = results("a", "p", 1, 0, 0, 0);
    Path b = results("b", "p", 1, 1, 1, 0);
    CliRun run = mom("compare", a, b);
    assertEquals(0, run.exit(), run.err());
    List<String> lines = run.out().lines().toList();
    assertTrue(lines.get(0).matches(" +metric +documents +A +B +B - A +\\[95 %] +p"), run.out());
    assertTrue(
        lines
            .get(1)
            .matches(
                "quiz +acc +4 +25\\.00 +75\\.00 +\\+50\\.00 +\\[\\+0\\.00, \\+100\\.00] +0\\.\\d+"),
        run.out());
    assertTrue(lines.get(2).startsWith("A: a ("), run.out());
    assertEquals("", run.err());
    assertTrue(lines.get(5).matches("retention +metric +chance +B / A +above chance"), run.out());
    assertTrue(lines.get(6).matches("quiz +acc +- +300\\.0 % +-"), run.out());
  }

  /** Four documents, three of four choices and one of two. */
  @Test
  void retentionAboveChanceTakesOffTheMeanOfOneOverTheChoices() throws IOException {
    Path a = choices(results("a", "p", 1, 1, 1, 0));
    Path b = choices(results("b", "p", 1, 1, 0, 0));
    double chance = (3 * 0.25 + 0.5) / 4;
    JsonNode row = mom("compare", a, b, "--json").json().at("/rows/0");
    assertEquals(chance, row.get("chance").asDouble(), 1e-12);
    assertEquals(0.5 / 0.75, row.at("/retention/0").asDouble(), 1e-12);
    assertEquals(
        (0.5 - chance) / (0.75 - chance), row.at("/retention_above_chance/0").asDouble(), 1e-12);
    CliRun table = mom("compare", a, b);
    assertTrue(
        table.out().lines().anyMatch(l -> l.matches("quiz +acc +31\\.3 % +66\\.7 % +42\\.9 %")),
        table.out());
  }

  private static Path choices(Path results) throws IOException {
    Path file = results.resolve("results_2026-01-02T03-04-05.000006.json");
    Files.writeString(
        file,
        Files.readString(file)
            .replace("\"metric_list\"", "\"output_type\": \"multiple_choice\", \"metric_list\""));
    Path samples = results.resolve("samples_quiz_2026-01-02T03-04-05.000006.jsonl");
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(samples)) {
      String asks =
          lines.size() < 3
              ? "{\"gen_args_0\": 0, \"gen_args_1\": 0, \"gen_args_2\": 0, \"gen_args_3\": 0}"
              : "{\"gen_args_0\": 0, \"gen_args_1\": 0}";
      lines.add(line.replaceFirst("\\{", "{\"arguments\": " + asks + ", "));
    }
    Files.write(samples, lines);
    return results;
  }

  @Test
  void theBootstrapMatchesTheExactDistribution() throws IOException {
    JsonNode json =
        mom(
                "compare",
                results("a", "p", 1, 0, 0, 0),
                results("b", "p", 1, 1, 1, 0),
                "--resamples",
                100_000,
                "--json")
            .json();
    JsonNode difference = json.at("/rows/0/differences/0");
    assertEquals(0.5, difference.get("value").asDouble());
    // Two of four documents differ, always upwards: below or at 0 only when neither is drawn, 1/16.
    assertEquals(2.0 / 16, difference.get("p_value").asDouble(), 0.004);
    assertEquals("b", json.at("/models/1/model_name").asText());
  }

  @Test
  void otherPromptsAreWarnedOfAndWhatCannotBePairedIsRefused() throws IOException {
    Path a = results("a", "p", 1, 0, 0, 0);
    CliRun warned = mom("compare", a, results("b", "q", 1, 1, 1, 0), "--json");
    assertTrue(warned.err().startsWith("warning: quiz: 4 of 4 prompts"), warned.err());
    assertEquals(1, warned.json().get("warnings").size());
    String fewer = mom("compare", a, results("c", "p", 1, 0, 0)).failure(1);
    assertTrue(fewer.startsWith("quiz: the documents differ"), fewer);
    Path none = Files.createDirectory(folder.resolve("none"));
    assertTrue(mom("compare", a, none).failure(1).contains("holds no results_*.json"));
    assertTrue(mom("compare", a).failure(2).contains("RESULTS"));
    assertTrue(mom("compare", a, a, "--resamples", 1).failure(2).contains("100"));
    Files.delete(a.resolve("samples_quiz_2026-01-02T03-04-05.000006.jsonl"));
    assertTrue(mom("compare", a, a).failure(1).contains("--log_samples"));
  }
}
