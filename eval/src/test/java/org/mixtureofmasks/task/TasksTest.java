package org.mixtureofmasks.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;

class TasksTest {
  private static final Path DATA = TestFiles.resource("/org/mixtureofmasks/task/data");

  @TempDir Path folder;

  private static String refusal(String... wanted) {
    UserError error = assertThrows(UserError.class, () -> Tasks.resolve(List.of(wanted)));
    assertEquals(UserError.USAGE, error.exitCode());
    assertFalse(error.getMessage().contains("\n"), error.getMessage());
    return error.getMessage();
  }

  private static UserError notLoaded(String name, Path data, int fewShot) {
    Task task = Tasks.resolve(List.of(name)).getFirst();
    return assertThrows(UserError.class, () -> task.load(data, OptionalInt.of(fewShot), 0));
  }

  @Test
  void mmluIsFiftySevenTasksInFourGroups() {
    List<Task> all = Tasks.resolve(List.of("mmlu"));
    assertEquals(57, all.size());
    assertEquals(57, all.stream().map(Task::name).distinct().count());
    assertTrue(all.stream().allMatch(task -> task.group().equals(Optional.of("mmlu"))));
    assertEquals(List.of("mmlu_stem", "mmlu"), all.getFirst().groups());
    List<Integer> sizes =
        List.of("mmlu_stem", "mmlu_other", "mmlu_social_sciences", "mmlu_humanities").stream()
            .map(group -> Tasks.resolve(List.of(group)).size())
            .toList();
    assertEquals(List.of(19, 13, 12, 13), sizes);
  }

  @Test
  void aSubjectByItsOwnNameIsOfNoGroup() {
    Task task = Tasks.resolve(List.of("mmlu_us_foreign_policy")).getFirst();
    assertEquals(Optional.empty(), task.group());
    LoadedTask loaded = task.load(DATA, OptionalInt.empty(), 0);
    assertEquals(0, loaded.fewShot());
    assertTrue(
        loaded
            .questions()
            .getFirst()
            .asks()
            .getFirst()
            .context()
            .startsWith(
                "The following are multiple choice questions (with answers) about us foreign"
                    + " policy.\n\nWhich sea?\nA. red\n"));
  }

  @Test
  void theListNamesEveryTaskOrItsGroup() {
    assertEquals(
        List.of(
            "arc_challenge",
            "arc_easy",
            "boolq",
            "hellaswag",
            "hellaswag_text",
            "lambada_openai",
            "mmlu",
            "mmlu_stem",
            "mmlu_other",
            "mmlu_social_sciences",
            "mmlu_humanities",
            "openbookqa",
            "piqa",
            "social_iqa",
            "wikitext",
            "winogrande"),
        Tasks.list().stream().map(Tasks.Listed::name).toList());
    assertTrue(Tasks.list().stream().noneMatch(line -> line.about().isBlank()));
    assertEquals(11 + 5 + 57, Tasks.names().size());
  }

  @Test
  void theMetricsAndVersionsAreThoseOfTheHarnessesTemplates() {
    LoadedTask boolq =
        Tasks.resolve(List.of("boolq")).getFirst().load(DATA, OptionalInt.empty(), 0);
    assertEquals("2.0", boolq.version());
    assertEquals(List.of(Metric.ACC), boolq.metrics());
    assertEquals(DATA.resolve("boolq/dev.jsonl"), boolq.file());
    LoadedTask lambada =
        Tasks.resolve(List.of("lambada_openai")).getFirst().load(DATA, OptionalInt.empty(), 0);
    assertEquals("1.0", lambada.version());
    assertEquals(
        List.of(Metric.ACC, Metric.PERPLEXITY), lambada.metrics(), "what papers tell leads");
  }

  @Test
  void siqaIsAnotherNameOfSocialIqa() {
    assertEquals("social_iqa", Tasks.resolve(List.of("siqa")).getFirst().name());
  }

  @Test
  void anUnknownTaskIsRefusedWithTheNearest() {
    String message = refusal("hellaswagg");
    assertTrue(
        message.startsWith("unknown task 'hellaswagg' (did you mean 'hellaswag'?)"), message);
    assertTrue(message.contains("piqa") && message.endsWith("paths of .yaml files"), message);
    assertEquals(
        "'piqa:x': behind the colon is the number of shots, a whole number, 0 or more",
        refusal("piqa:x"));
  }

  @Test
  void noTaskAndTheSameTaskTwiceAreRefused() {
    assertTrue(refusal().startsWith("no task was named"));
    assertEquals(
        "the task mmlu_abstract_algebra is asked for twice: by mmlu_stem and by mmlu",
        refusal("mmlu_stem", "mmlu"));
    assertEquals(1, Tasks.resolve(List.of("piqa", "piqa")).size());
  }

  @Test
  void missingDataSaysWhichFilesAndWhereTheyComeFrom() {
    assertEquals(
        "piqa: no documents in "
            + folder
            + ": put piqa/valid.jsonl with piqa/valid-labels.lst, or piqa/validation-*.parquet"
            + " there; they come from https://yonatanbisk.com/piqa, or the hub's baber/piqa",
        notLoaded("piqa", folder, 0).getMessage());
    UserError error = notLoaded("piqa", folder.resolve("nowhere"), 0);
    assertEquals(UserError.USAGE, error.exitCode());
    assertTrue(error.getMessage().endsWith("nowhere: no such folder of data sets"));
  }

  @Test
  void examplesNeedTheirOwnSplit() throws IOException {
    Files.createDirectories(folder.resolve("boolq"));
    Files.copy(DATA.resolve("boolq/dev.jsonl"), folder.resolve("boolq/dev.jsonl"));
    assertTrue(
        notLoaded("boolq", folder, 1)
            .getMessage()
            .startsWith("boolq: no examples (few-shot) in " + folder + ": put boolq/train.jsonl,"));
  }

  @Test
  void moreExamplesThanDocumentsAreRefused() {
    assertTrue(
        notLoaded("hellaswag_text", DATA, 4)
            .getMessage()
            .startsWith("hellaswag_text: 4 examples before each question need 5 documents; "));
    // Two of the four are the same, so that one of them has only two others.
    assertTrue(
        notLoaded("hellaswag_text", DATA, 3)
            .getMessage()
            .endsWith(
                "hellaswag_val_full.txt:1: only 2 other documents for the 3 examples before it:"
                    + " ask for fewer"));
    assertEquals(
        "mmlu_anatomy: 4 examples before each question need 4 documents; "
            + DATA.resolve("mmlu/dev/anatomy_dev.csv")
            + " and its like have 3",
        notLoaded("mmlu_anatomy", DATA, 4).getMessage());
  }

  @Test
  void wholeTextsHaveNoExamplesAndNothingIsNegative() {
    assertTrue(notLoaded("wikitext", DATA, 1).getMessage().contains("no examples before them"));
    assertTrue(notLoaded("piqa", DATA, -1).getMessage().contains("-1"));
  }
}
