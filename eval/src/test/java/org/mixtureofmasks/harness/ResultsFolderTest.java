package org.mixtureofmasks.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.score.SmallTasks.choice;
import static org.mixtureofmasks.score.SmallTasks.row;
import static org.mixtureofmasks.score.SmallTasks.scores;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.score.Estimate;
import org.mixtureofmasks.score.Evaluation;
import org.mixtureofmasks.score.Retention;
import org.mixtureofmasks.score.SmallTasks;
import org.mixtureofmasks.score.Summary;
import org.mixtureofmasks.score.TaskResult;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Metric;

class ResultsFolderTest {
  private static final LoadedTask ART =
      SmallTasks.choices(
          "quiz_art", "quiz", choice(0, "a", 0, "yes", "no"), choice(1, "b", 1, "yes", "no"));
  private static final LoadedTask LAW =
      SmallTasks.choices(
          "quiz_law",
          "quiz",
          choice(0, "c", 0, "yes", "no"),
          choice(1, "d", 0, "yes", "no"),
          choice(2, "e", 1, "yes", "no", "perhaps"));
  private static final LoadedTask WORDS = SmallTasks.lastWord("a b", "c d");
  private static final LoadedTask PAGES = SmallTasks.pages(" one two \n", "three");

  @TempDir private Path folder;

  /** quiz_art 1/2 and quiz_law 2/3 by acc, the last word 1/2. */
  private static Evaluation small(String name) {
    return SmallTasks.evaluation(
        name,
        SmallTasks.result(ART, scores(row(-1, -2), row(-1, -2))),
        SmallTasks.result(LAW, scores(row(-1, -2), row(-2, -1), row(-3, -2, -4))),
        SmallTasks.result(WORDS, scores(row(-0.5), row(-2.5))),
        SmallTasks.result(PAGES, scores(row(-6), row(-4))));
  }

  @Test
  void theResultsHaveTheHarnesssKeys() {
    JsonNode json = ResultsJson.of(small("m"));
    Set<String> keys = new TreeSet<>();
    json.fieldNames().forEachRemaining(keys::add);
    assertEquals(
        new TreeSet<>(
            List.of(
                "results",
                "groups",
                "group_subtasks",
                "configs",
                "versions",
                "n-shot",
                "higher_is_better",
                "n-samples",
                "config",
                "date",
                "max_length",
                "task_hashes",
                "model_source",
                "model_name",
                "model_name_sanitized",
                "system_instruction",
                "system_instruction_sha",
                "fewshot_as_multiturn",
                "chat_template",
                "chat_template_sha",
                "total_evaluation_time_seconds",
                "mom")),
        keys);
    JsonNode art = json.get("results").get("quiz_art");
    assertEquals("quiz_art", art.get("alias").asText());
    assertEquals(2, art.get("sample_len").asInt());
    assertEquals(0.5, art.get("acc,none").asDouble());
    assertEquals(0.5, art.get("acc_stderr,none").asDouble(), 1e-15);
    assertEquals("N/A", json.at("/results/pages/word_perplexity_stderr,none").asText());
    assertEquals(json.at("/results/quiz"), json.at("/groups/quiz"));
    assertEquals("[\"quiz_art\",\"quiz_law\"]", json.at("/group_subtasks/quiz").toString());
    assertEquals("{\"original\":7,\"effective\":2}", json.at("/n-samples/quiz_art").toString());
    assertEquals(0, json.at("/n-shot/quiz").asInt(-1));
    assertEquals(1.0, json.at("/versions/quiz_law").asDouble());
    assertEquals("false", json.at("/higher_is_better/lambada/perplexity").toString());
    assertEquals("acc_norm", json.at("/configs/quiz_art/metric_list/0/metric").asText());
    assertEquals(4, json.at("/config/limit").asInt());
    assertEquals("3.5", json.get("total_evaluation_time_seconds").textValue());
    assertEquals(64, json.at("/task_hashes/lambada").asText().length());
    assertEquals(0.5, json.at("/mom/active_ffn_share_measured").asDouble());
    assertEquals(0.625, json.at("/mom/share_all_in_measured").asDouble());
    assertEquals(9 / 8.0, json.at("/mom/documents_per_second").asDouble());
  }

  @Test
  void aGroupIsTheMeanOverItsDocuments() {
    JsonNode group = ResultsJson.of(small("m")).at("/groups/quiz");
    assertEquals(3 / 5.0, group.get("acc,none").asDouble(), 1e-15);
    assertEquals(5, group.get("sample_len").asInt());
    // Guessing: two tasks of two choices, but one question of three.
    assertEquals((4 * 0.5 + 1 / 3.0) / 5, small("m").groups().getFirst().summary().chance(), 1e-15);
    assertEquals(
        List.of("quiz", "lambada", "pages"),
        small("m").units().stream().map(Summary::name).toList());
  }

  @Test
  void samplesAreLinesWithPromptsAnswersAndHashes() throws IOException {
    Evaluation evaluation = small("m");
    ResultsFolder.write(folder, evaluation, ResultsJson.of(evaluation));
    List<String> lines =
        Files.readAllLines(folder.resolve("samples_quiz_law_2026-11-24T17-05-09.000120.jsonl"));
    assertEquals(3, lines.size());
    JsonNode sample = new ObjectMapper().readTree(lines.get(2));
    assertEquals(2, sample.get("doc_id").asInt());
    assertEquals("e", sample.at("/doc/question").asText());
    assertEquals("1", sample.get("target").textValue());
    assertEquals(
        "{\"arg_0\":\"e\",\"arg_1\":\" perhaps\"}", sample.at("/arguments/gen_args_2").toString());
    assertEquals(
        "[[[\"-3.0\",\"False\"]],[[\"-2.0\",\"False\"]],[[\"-4.0\",\"False\"]]]",
        sample.get("resps").toString());
    assertEquals(
        "[[\"-3.0\",\"False\"],[\"-2.0\",\"False\"],[\"-4.0\",\"False\"]]",
        sample.get("filtered_resps").toString());
    // printf e | sha256sum, printf 1 | sha256sum
    assertEquals(
        "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
        sample.get("prompt_hash").asText());
    assertEquals(
        "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
        sample.get("target_hash").asText());
    assertEquals(1.0, sample.get("acc").asDouble());
    assertEquals("[\"acc\",\"acc_norm\"]", sample.get("metrics").toString());
    JsonNode page =
        new ObjectMapper()
            .readTree(
                Files.readAllLines(folder.resolve("samples_pages_2026-11-24T17-05-09.000120.jsonl"))
                    .getFirst());
    assertEquals("[-6.0,4]", page.get("word_perplexity").toString());
    assertEquals("[[\"-6.0\"]]", page.get("resps").toString());
    assertEquals("[\"-6.0\"]", page.get("filtered_resps").toString());
    assertEquals("one two", page.get("target").textValue());
  }

  @Test
  void whatIsWrittenReadsBackToTheSameFigures() throws IOException {
    Evaluation evaluation = small("m");
    ResultsFolder.write(folder, evaluation, ResultsJson.of(evaluation));
    SavedResults saved = SavedResults.read(folder);
    assertEquals("m", saved.model());
    assertEquals(List.of("quiz_art", "quiz_law"), saved.groups().get("quiz"));
    for (TaskResult task : evaluation.tasks()) {
      SavedTask back = saved.tasks().get(task.task().name());
      assertEquals(task.task().metrics(), back.metrics());
      for (Metric metric : back.metrics()) {
        assertEquals(
            task.summary().estimates().get(metric).value(),
            Estimate.value(
                metric, back.samples().stream().map(s -> s.observations().get(metric)).toList()),
            1e-12);
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(5, files.count(), "results and four tasks' samples, nothing half-written");
    }
  }

  @Test
  void theNewestResultsOfAFolderCountAndDamageIsNamedWithItsLine() throws IOException {
    Evaluation evaluation = small("m");
    Path file = ResultsFolder.write(folder, evaluation, ResultsJson.of(evaluation));
    Files.copy(file, folder.resolve("results_2026-11-25T00-00-00.000000.json"));
    String missing = assertThrows(UserError.class, () -> SavedResults.read(folder)).getMessage();
    assertTrue(missing.contains("samples_quiz_art_2026-11-25T00-00-00.000000.jsonl"), missing);
    Files.writeString(
        folder.resolve("samples_quiz_art_2026-11-24T17-05-09.000120.jsonl"), "{\"doc_id\": 0}\n");
    String damaged = assertThrows(UserError.class, () -> SavedResults.read(file)).getMessage();
    assertTrue(damaged.endsWith("line 1: is no sample: it has no 'metrics'"), damaged);
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertTrue(
        assertThrows(UserError.class, () -> SavedResults.read(empty))
            .getMessage()
            .contains("holds no results_*.json"));
  }

  @Test
  void retentionCountsGroupsOnceAndLeavesOutWhatGuessingGives() {
    Evaluation dense =
        SmallTasks.evaluation(
            "dense",
            SmallTasks.result(ART, scores(row(-1, -2), row(-2, -1))),
            SmallTasks.result(LAW, scores(row(-1, -2), row(-1, -2), row(-3, -2, -4))),
            SmallTasks.result(WORDS, scores(row(-0.5), row(-0.5))),
            SmallTasks.result(PAGES, scores(row(-3), row(-2))));
    Evaluation sparse = small("sparse");
    var json = ResultsJson.of(sparse);
    RetentionJson.add(json, sparse, dense);
    JsonNode reference = json.at("/mom/reference");
    JsonNode quiz = reference.at("/results/quiz");
    assertEquals("acc_norm", quiz.get("metric").asText());
    double value = quiz.get("value").asDouble();
    double denseValue = quiz.get("dense").asDouble();
    double chance = (4 * 0.5 + 1 / 3.0) / 5;
    assertEquals(value / denseValue, quiz.get("retention").asDouble(), 1e-15);
    assertEquals(
        (value - chance) / (denseValue - chance),
        quiz.get("retention_above_chance").asDouble(),
        1e-12);
    // Perplexities: less is better, so dense over sparse; exp(-0.5) / exp(-1.5) and exp(1) /
    // exp(2).
    assertEquals(Math.exp(-1), reference.at("/results/lambada/retention").asDouble(), 1e-12);
    assertEquals(Math.exp(-1), reference.at("/results/pages/retention").asDouble(), 1e-12);
    assertEquals("[\"quiz\"]", json.at("/mom/average/over").toString());
    assertEquals(value / denseValue, reference.at("/average/retention").asDouble(), 1e-15);
    assertTrue(Retention.aboveChance(0.5, 0.25, 0.25).isEmpty());
    assertEquals(0.5, Retention.aboveChance(0.5, 0.75, 0.25).getAsDouble());
  }
}
