package org.mixtureofmasks.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

/** What a study's file says about tasks and texts. */
class JudgementTest {
  @TempDir Path folder;
  private TinyStudy tiny;

  @BeforeEach
  void makeTheModel() throws IOException {
    tiny = new TinyStudy(folder);
    new TinyTasks(folder);
  }

  private Judgement judgement(String lines) throws IOException {
    return tiny.plan(lines, TinyStudy.DENSE).study().judgement();
  }

  private String refusal(String lines) throws IOException {
    Path file = tiny.file(lines, TinyStudy.DENSE);
    UserError error = assertThrows(UserError.class, () -> Plan.of(StudyReader.read(file)));
    assertEquals(1, error.getMessage().lines().count(), error.getMessage());
    assertTrue(error.getMessage().startsWith(file.toString()), error.getMessage());
    return error.getMessage().substring(file.toString().length());
  }

  @Test
  void aStudyWithoutTasksAsksNothing() throws IOException {
    assertEquals(false, judgement("").any());
  }

  @Test
  void tasksAndTextsAreFoundFromTheStudysFolder() throws IOException {
    Judgement judgement =
        judgement("tasks: {names: [boolq, piqa@3], data: data, limit: 5}\ntexts: [wiki.txt]\n");
    Judgement.AskedTasks tasks = judgement.tasks().orElseThrow();
    assertEquals(List.of("boolq", "piqa@3"), tasks.names());
    assertEquals(folder.resolve("data"), tasks.data());
    assertEquals(OptionalInt.of(5), tasks.limit());
    assertEquals("wiki.txt", judgement.texts().getFirst().name());
    String all = judgement("tasks: {names: [boolq, piqa], data: data}\n").tasks().get().hash();
    assertNotEquals(tasks.hash(), all);
  }

  @Test
  void whatCannotBeAskedIsRefusedWithItsLineBeforeAnythingRuns() throws IOException {
    String unknown = refusal("tasks:\n  data: data\n  names:\n    - boolq\n    - pika\n");
    assertTrue(
        unknown.startsWith(":9: names: unknown task 'pika' (did you mean 'piqa'?)"), unknown);
    String missing = refusal("tasks: {names: [arc_easy], data: data}\n");
    assertTrue(missing.startsWith(":5: names: arc_easy: no documents in "), missing);
    String nowhere = refusal("tasks: {names: [boolq], data: elsewhere}\n");
    assertTrue(nowhere.endsWith("elsewhere: no such folder of data sets"), nowhere);
    String twice = refusal("tasks: {names: [boolq, boolq@3], data: data}\n");
    assertTrue(twice.endsWith("the task boolq is named twice"), twice);
    String key = refusal("tasks: {name: [boolq], data: data}\n");
    assertTrue(key.startsWith(":5: unknown key 'name' (did you mean 'names'?)"), key);
    String none = refusal("tasks: {names: [boolq]}\n");
    assertTrue(none.startsWith(":5: the key data is missing"), none);
    String variable = refusal("texts: ['${NOBODY_SETS_THIS}/wiki.txt']\n");
    assertTrue(variable.contains("NOBODY_SETS_THIS"), variable);
    String text = refusal("texts: [wiki.txt, data]\n");
    assertTrue(text.endsWith("data: no such text file"), text);
    Files.copy(folder.resolve("wiki.txt"), folder.resolve("data/wiki.txt"));
    String same = refusal("texts: [wiki.txt, data/wiki.txt]\n");
    assertTrue(same.endsWith("two texts are called wiki.txt: tables name them so"), same);
  }

  @Test
  void aModelWithoutATokenizerIsRefusedWhereTasksAreAsked() throws IOException {
    Files.delete(folder.resolve("model/tokenizer.json"));
    String line = refusal("texts: [wiki.txt]\n");
    assertTrue(line.startsWith(": tasks and texts: "), line);
  }
}
