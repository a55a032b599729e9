package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.cli.CliRun.mom;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.score.EchoServer;
import org.mixtureofmasks.task.Task;
import org.mixtureofmasks.task.Tasks;
import org.mixtureofmasks.tokenizer.Tokenizer;

class EvaluateTasksTest {
  private static final Path MODEL = TestFiles.stories();

  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void writeData() throws IOException {
    data = folder.resolve("data");
    List<String> boolq = new ArrayList<>();
    List<String> piqa = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      boolq.add(
          object()
              .put("question", "is ball " + i + " red")
              .put("answer", i % 3 == 0)
              .put("passage", "Lily saw a big red ball number " + i + ".")
              .toString());
      piqa.add(
          object()
              .put("goal", "Play with ball " + i)
              .put("sol1", "in the park")
              .put("sol2", "zx qv")
              .toString());
    }
    write("boolq/dev.jsonl", boolq);
    write("piqa/valid.jsonl", piqa);
    write("piqa/valid-labels.lst", List.of("0", "0", "1", "0", "0", "0"));
    for (Task task : Tasks.resolve(List.of("mmlu"))) {
      String subject = task.name().substring("mmlu_".length());
      write("mmlu/test/" + subject + "_test.csv", List.of("What is a ball?,red,2,3,4,A"));
    }
  }

  private void write(String name, List<String> lines) throws IOException {
    Path file = data.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, lines);
  }

  private static ObjectNode object() {
    return new ObjectMapper().createObjectNode();
  }

  @Test
  void jsonIsTheHarnesssSchemaAndTheFileHoldsTheSame() throws IOException {
    Path out = folder.resolve("out");
    JsonNode json =
        mom("evaluate", MODEL, "--tasks", "boolq,piqa:0", "--data", data, "--out", out, "--json")
            .json();
    assertEquals(6, json.at("/n-samples/boolq/effective").asInt());
    assertEquals(5 / 6.0, json.at("/results/piqa/acc,none").asDouble(), 1e-12);
    assertEquals(MODEL.toString(), json.get("model_name").asText());
    assertTrue(json.at("/mom/model_hash").asText().startsWith("sha256:"));
    List<Path> results = files(out, "results_");
    assertEquals(1, results.size());
    assertEquals(json, new ObjectMapper().readTree(results.getFirst().toFile()));
    assertEquals(6, Files.readAllLines(files(out, "samples_boolq_").getFirst()).size());
    assertEquals(0, files(out, ".").size(), "nothing half-written");
  }

  @Test
  void aFinishedTaskIsKeptAndTheFiguresStayTheSame() throws IOException {
    Path out = folder.resolve("out");
    Object[] first = {
      "evaluate", MODEL, "--tasks", "boolq", "--data", data, "--out", out, "--json"
    };
    JsonNode once = mom(first).json();
    CliRun both =
        mom("evaluate", MODEL, "--tasks", "boolq,piqa", "--data", data, "--out", out, "--json");
    assertTrue(both.err().contains("boolq: kept from " + out.resolve("scores")), both.err());
    assertFalse(both.err().contains("piqa: kept"), both.err());
    assertEquals(once.at("/results/boolq"), both.json().at("/results/boolq"));
    assertEquals(once.at("/mom/seconds/boolq"), both.json().at("/mom/seconds/boolq"));
    Object[] fewer = {
      "evaluate", MODEL, "--tasks", "boolq", "--data", data, "--out", out, "--limit", 3
    };
    assertFalse(mom(fewer).err().contains("kept"), "another limit is another task");
    Object[] fresh = {
      "evaluate", MODEL, "--tasks", "boolq", "--data", data, "--out", out, "--fresh"
    };
    assertFalse(mom(fresh).err().contains("kept"));
    write("boolq/dev.jsonl", List.of("{\"question\":\"q\",\"answer\":true,\"passage\":\"p\"}"));
    assertFalse(mom(first).err().contains("kept"), "other data is another task");
  }

  @Test
  void aFailureInALaterTaskKeepsTheFinishedOnes() throws IOException {
    Path out = folder.resolve("out");
    Object[] command = {"evaluate", MODEL, "--tasks", "boolq,piqa", "--data", data, "--out", out};
    write(
        "piqa/valid.jsonl",
        List.of(
            object()
                .put("goal", "g")
                .put("sol1", "a")
                .put("sol2", "word ".repeat(600))
                .toString()));
    write("piqa/valid-labels.lst", List.of("0"));
    CliRun failed = mom(command);
    assertTrue(failed.failure(1).startsWith("piqa, document 0: "), failed.err());
    assertTrue(failed.err().contains("the same command goes on"), failed.err());
    assertEquals(0, files(out, "results_").size());
    write("piqa/valid.jsonl", List.of("{\"goal\":\"g\",\"sol1\":\"a\",\"sol2\":\"b\"}"));
    CliRun mended = mom(command);
    assertEquals(0, mended.exit(), mended.err());
    assertTrue(mended.err().contains("boolq: kept from"), mended.err());
  }

  @Test
  void aModelKeepsAllOfItselfAndTheTableSaysSo() throws IOException {
    Path out = folder.resolve("out");
    Object[] command = {
      "evaluate", MODEL, "--reference", MODEL, "--tasks", "boolq,piqa", "--data", data, "--out", out
    };
    CliRun run = mom(command);
    assertEquals(0, run.exit(), run.err());
    List<String> lines = run.out().lines().toList();
    assertTrue(
        lines
            .getFirst()
            .matches("task +shots +metric +value +documents +dense +retention +above.*"),
        run.out());
    assertTrue(
        lines.get(1).matches("boolq +0 +acc +[\\d.]+ % ± [\\d.]+ +6 +.*100\\.0 %.*"), run.out());
    assertTrue(
        lines.get(2).matches("piqa +0 +acc +83\\.33 % ± 16\\.67 +6 .*100\\.0 % +100\\.0 %"),
        run.out());
    assertTrue(lines.get(4).startsWith("average of 2"), run.out());
    assertEquals(1, files(out.resolve("reference"), "results_").size());
    JsonNode results = new ObjectMapper().readTree(files(out, "results_").getFirst().toFile());
    assertEquals(1.0, results.at("/mom/reference/average/retention").asDouble());
    JsonNode comparison = mom("compare", out.resolve("reference"), out, "--json").json();
    assertEquals("average", comparison.at("/rows/3/name").asText());
    assertEquals(1.0, comparison.at("/rows/3/differences/0/p_value").asDouble());
  }

  @Test
  void aServedModelIsScoredAsTheSameModelAtHand() throws IOException {
    JsonNode local = mom("evaluate", MODEL, "--tasks", "piqa", "--data", data, "--json").json();
    Path tokenizer = MODEL.resolveSibling("tok512.bin");
    try (Model llama = Model.open(MODEL, LoadOptions.defaults());
        Tokenizer words = Tokenizer.open(MODEL);
        EchoServer server = new EchoServer(llama, words)) {
      JsonNode served =
          mom(
                  "evaluate",
                  "--url",
                  server.url(),
                  "--api-model",
                  "stories",
                  "--api-context",
                  512,
                  "--tokenizer",
                  tokenizer,
                  "--tasks",
                  "piqa",
                  "--data",
                  data,
                  "--json")
              .json();
      assertEquals(local.get("results"), served.get("results"));
      assertEquals(local.get("task_hashes"), served.get("task_hashes"));
      assertEquals("stories", served.get("model_name").asText());
      assertTrue(served.at("/mom/model_hash").isNull());
      assertTrue(served.at("/mom/active_ffn_share_measured").isNull());
    }
  }

  @Test
  void mmluIsOneGroupOfFourAndCountsOnceInTheAverage() throws IOException {
    CliRun run = mom("evaluate", MODEL, "--tasks", "mmlu,boolq", "--data", data, "--json");
    JsonNode json = run.json();
    assertEquals(57, json.at("/groups/mmlu/sample_len").asInt());
    assertEquals(19, json.at("/groups/mmlu_stem/sample_len").asInt());
    assertEquals(4, json.at("/group_subtasks/mmlu").size());
    assertEquals(19, json.at("/group_subtasks/mmlu_stem").size());
    assertEquals("[\"mmlu\",\"boolq\"]", json.at("/mom/average/over").toString());
    assertEquals(
        (json.at("/results/mmlu/acc,none").asDouble()
                + json.at("/results/boolq/acc,none").asDouble())
            / 2,
        json.at("/mom/average/value").asDouble(),
        1e-15);
  }

  @Test
  void theListSaysWhichFilesAreThere() throws IOException {
    CliRun run = mom("evaluate", "--list", "--data", data);
    assertEquals(0, run.exit(), run.err());
    assertTrue(run.out().lines().anyMatch(l -> l.matches("boolq +acc +0 +found")), run.out());
    assertTrue(run.out().lines().anyMatch(l -> l.matches("mmlu +acc +0 +57 of 57")), run.out());
    assertTrue(
        run.out().lines().anyMatch(l -> l.matches("hellaswag +acc_norm, acc +0 +missing")),
        run.out());
    JsonNode json = mom("evaluate", "--list", "--json").json();
    assertTrue(json.at("/tasks/0/found").isNull());
  }

  @Test
  void whatCannotBeIsSaidBeforeAnyWork() throws IOException {
    Path file = Files.writeString(folder.resolve("a-file"), "old");
    for (List<Object> wrong :
        List.<List<Object>>of(
            List.of("evaluate", "--tasks", "boolq", "--data", data),
            List.of("evaluate", MODEL, "--tasks", "boolq"),
            List.of("evaluate", MODEL, "--tasks", "boolk", "--data", data),
            List.of("evaluate", MODEL, "--tasks", "boolq,boolq:1", "--data", data),
            List.of("evaluate", MODEL, "--tasks", "mmlu,mmlu_anatomy", "--data", data),
            List.of("evaluate", MODEL, "--tasks", "boolq", "--data", data, "--limit", 0),
            List.of("evaluate", MODEL, "--tasks", "boolq", "--data", data, "--shots", -1),
            List.of("evaluate", MODEL, "--tasks", "boolq", "--data", data, "--window", 4),
            List.of("evaluate", MODEL, "--tasks", "boolq", "--data", data, "--text", file),
            List.of("evaluate", MODEL, "--text", file, "--fresh"),
            List.of("evaluate", MODEL, "--text", file, "--api-model", "m"),
            List.of("evaluate", MODEL, "--tasks", "boolq", "--data", data, "--url", "http://h/"),
            List.of("evaluate", "--tasks", "boolq", "--data", data, "--url", "http://h/"),
            List.of("evaluate", "--list", "--data", data.resolve("absent")),
            List.of("evaluate", "--list", "--shots", 1))) {
      assertFalse(mom(wrong.toArray()).failure(2).isBlank(), wrong.toString());
    }
    String missing = mom("evaluate", MODEL, "--tasks", "arc_easy", "--data", data).failure(1);
    assertTrue(missing.startsWith("arc_easy: no documents in " + data), missing);
    Object[] unwritable = {"evaluate", MODEL, "--tasks", "boolq", "--data", data, "--out", file};
    CliRun run = mom(unwritable);
    assertTrue(run.failure(1).startsWith("cannot write " + file), run.err());
    assertFalse(run.err().contains("boolq"), "found before the work");
  }

  private static List<Path> files(Path folder, String prefix) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> f.getFileName().toString().startsWith(prefix)).toList();
    }
  }
}
