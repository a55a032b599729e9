package org.mixtureofmasks.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

class AskedTaskTest {
  @TempDir Path data;

  @BeforeEach
  void writeData() throws IOException {
    write("boolq/dev.jsonl", "{\"question\": \"q\", \"answer\": true, \"passage\": \"p\"}", 8);
    write("boolq/train.jsonl", "{\"question\": \"r\", \"answer\": true, \"passage\": \"p\"}", 8);
    for (Task task : Tasks.resolve(List.of("mmlu_stem"))) {
      String subject = task.name().substring("mmlu_".length());
      write("mmlu/test/" + subject + "_test.csv", "What is a ball?,red,2,3,4,A", 5);
    }
  }

  private void write(String name, String line, int lines) throws IOException {
    Path file = data.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, Collections.nCopies(lines, line));
  }

  private List<AskedTask> load(String... names) {
    return AskedTask.load(List.of(names), data, OptionalInt.empty(), OptionalInt.of(6));
  }

  @Test
  void aNameMayHaveItsOwnShotsAndItsOwnNumberOfDocuments() {
    assertEquals(6, load("boolq").getFirst().task().questions().size());
    LoadedTask own = load("boolq:2@7").getFirst().task();
    assertEquals(2, own.fewShot());
    assertEquals(7, own.questions().size());
  }

  @Test
  void aGroupsNumberOfDocumentsIsThatOfEachOfItsTasks() {
    List<AskedTask> all = load("mmlu_stem@3", "boolq");
    assertEquals(20, all.size());
    all.subList(0, 19).forEach(asked -> assertEquals(3, asked.task().questions().size()));
    assertEquals(List.of("mmlu_stem"), all.getFirst().groups());
  }

  @Test
  void theHashIsOfWhatIsAsked() throws IOException {
    String hash = AskedTask.hash(load("boolq"));
    assertEquals(hash, AskedTask.hash(load("boolq@6")));
    assertNotEquals(hash, AskedTask.hash(load("boolq@5")));
    assertNotEquals(hash, AskedTask.hash(load("boolq:1")));
    write("boolq/dev.jsonl", "{\"question\": \"q\", \"answer\": false, \"passage\": \"p\"}", 8);
    assertNotEquals(hash, AskedTask.hash(load("boolq")), "another answer is right");
  }

  @Test
  void whatIsWrongWithANameIsSaid() {
    assertTrue(refusal("boolq@0").endsWith("number of documents, at least 1"), refusal("boolq@0"));
    assertEquals("the task boolq is named twice", refusal("boolq", "boolq@2"));
    assertTrue(refusal("boolk@2").startsWith("unknown task 'boolk' (did you mean 'boolq'?)"));
    assertTrue(refusal("boolq", "").startsWith("a task's name is empty"));
  }

  private String refusal(String... names) {
    return assertThrows(UserError.class, () -> load(names)).getMessage();
  }
}
