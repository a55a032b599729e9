package org.mixtureofmasks.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.score.GroupResult;
import org.mixtureofmasks.score.LanguageModel;
import org.mixtureofmasks.score.LocalLanguageModel;
import org.mixtureofmasks.score.TaskResult;
import org.mixtureofmasks.score.TaskRun;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Task;
import org.mixtureofmasks.task.Tasks;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** Against what lm-evaluation-harness itself said of the same models on the same files. */
class HarnessParityTest {
  private static final String HARNESS = "/org/mixtureofmasks/harness";

  private static Model model;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() {
    model = Model.open(TestFiles.stories(), LoadOptions.defaults());
    tokenizer = Tokenizer.open(TestFiles.stories());
  }

  @AfterAll
  static void close() {
    tokenizer.close();
    model.close();
  }

  static List<HarnessReference> ofInventedDocuments() {
    return HarnessReference.readAll(TestFiles.resource(HARNESS));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("ofInventedDocuments")
  void onInventedDocumentsTheHarnessIsEqualled(HarnessReference reference) {
    compare(reference, TestFiles.resource(HARNESS + "/data"), model, tokenizer);
  }

  @Test
  void everyTaskIsAmongTheInventedDocuments() {
    assertEquals(
        Tasks.names().stream()
            .map(n -> n.startsWith("mmlu") ? "mmlu" : n)
            .distinct()
            .sorted()
            .toList(),
        ofInventedDocuments().stream().map(HarnessReference::name).distinct().sorted().toList());
  }

  static List<HarnessReference> ofSmolLm2() {
    return HarnessReference.readAll(references());
  }

  /** Skipped unless MOM_EVAL_DATA names a folder of the data sets, see docs/tasks.md. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("ofSmolLm2")
  void onTheDataSetsSmolLm2SaysWhatItSaysInTheHarness(HarnessReference reference) {
    Path smolLm2 = TestFiles.large("SmolLM2-135M-Instruct");
    String data = System.getenv("MOM_EVAL_DATA");
    assumeTrue(data != null, "MOM_EVAL_DATA names no folder of data sets");
    try (Model llama = Model.open(smolLm2, LoadOptions.defaults());
        Tokenizer smolTokenizer = Tokenizer.open(smolLm2)) {
      HarnessComparison found = compare(reference, Path.of(data), llama, smolTokenizer);
      // How near, for docs/results: that it is near enough is asserted.
      System.out.println(reference + ": " + found);
    }
  }

  private static HarnessComparison compare(
      HarnessReference reference, Path data, Model llama, Tokenizer itsTokenizer) {
    JsonNode groups = reference.head().get("groups");
    List<String> wanted =
        groups.isEmpty() ? List.copyOf(reference.documents().keySet()) : List.of(reference.name());
    HarnessComparison comparison = new HarnessComparison();
    List<TaskResult> results = new ArrayList<>();
    for (Task task : Tasks.resolve(wanted)) {
      int documents = reference.documents().get(task.name()).size();
      LoadedTask loaded = task.load(data, OptionalInt.of(reference.fewShot()), documents);
      LanguageModel language = new LocalLanguageModel(llama, itsTokenizer, 2);
      TaskResult result =
          TaskResult.of(
              loaded,
              groups.isEmpty() ? List.of() : task.groups(),
              new TaskRun(loaded, language).run((done, total) -> {}));
      comparison.compare(result, reference);
      results.add(result);
    }
    assertEquals(reference.documents().size(), results.size(), "tasks of " + reference);
    for (GroupResult group : GroupResult.of(results)) {
      comparison.compareMetrics(group.summary(), groups.get(group.summary().name()));
    }
    return comparison;
  }

  /** docs/results/harness-parity, whichever module's folder the tests run in. */
  private static Path references() {
    Path here = Path.of("docs/results/harness-parity").toAbsolutePath();
    return Files.isDirectory(here) ? here : Path.of("../docs/results/harness-parity");
  }
}
