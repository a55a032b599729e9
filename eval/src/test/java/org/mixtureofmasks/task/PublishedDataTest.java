package org.mixtureofmasks.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The data sets as published, in the folder that MOM_EVAL_DATA names. */
class PublishedDataTest {
  @ParameterizedTest
  @CsvSource({
    "boolq, 0, 1, 3270",
    "piqa, 0, 1, 1838",
    "social_iqa, 0, 1, 1954",
    "hellaswag_text, 10, 1, 10042",
    "arc_easy, 0, 1, 2376",
    "mmlu, 5, 57, 14042",
    "wikitext, 0, 1, 62"
  })
  void thePublishedFilesHaveTheKnownNumbersOfDocuments(
      String name, int fewShot, int tasks, int documents) {
    String folder = System.getenv("MOM_EVAL_DATA");
    assumeTrue(folder != null, "MOM_EVAL_DATA names no folder of data sets");
    assumeTrue(Files.isDirectory(Path.of(folder)), folder + " does not exist");
    List<LoadedTask> loaded =
        Tasks.resolve(List.of(name)).stream()
            .map(task -> task.load(Path.of(folder), OptionalInt.of(fewShot), 0))
            .toList();
    assertEquals(tasks, loaded.size());
    assertEquals(documents, loaded.stream().mapToInt(LoadedTask::documents).sum());
    assertEquals(documents, loaded.stream().mapToInt(task -> task.questions().size()).sum());
    assertTrue(
        loaded.stream()
            .flatMap(task -> task.questions().stream())
            .allMatch(question -> question.gold() < question.asks().size()));
  }
}
