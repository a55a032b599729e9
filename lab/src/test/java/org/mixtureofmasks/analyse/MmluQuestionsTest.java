package org.mixtureofmasks.analyse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

class MmluQuestionsTest {
  @TempDir Path folder;

  @BeforeEach
  void writeTheFiles() throws IOException {
    Files.createDirectories(folder.resolve("test"));
    Files.createDirectories(folder.resolve("dev"));
    Files.writeString(
        folder.resolve("test/high_school_physics_test.csv"),
        "\" What is \"\"it\"\", now? \",\"a, b\",c,\"two\nlines\",d,C\n1 + 1?,1,2,3,4,B\n");
    Files.writeString(
        folder.resolve("dev/high_school_physics_dev.csv"), "Up?,q,r,s,t,A\nDown?,q,r,s,t,D\n");
  }

  private MmluQuestions mmlu() {
    return new MmluQuestions(folder);
  }

  @Test
  void promptsAreTheHarnesses() {
    MmluQuestions.Prompts prompts = mmlu().prompts("high_school_physics", 0);
    assertEquals(
        "The following are multiple choice questions (with answers) about high school physics.\n\n",
        prompts.before());
    assertEquals(
        List.of(
            "What is \"it\", now?\nA. a, b\nB. c\nC. two\nlines\nD. d\nAnswer:",
            "1 + 1?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer:"),
        prompts.questions());
  }

  @Test
  void examplesComeWithTheirAnswers() {
    String before = mmlu().prompts("high_school_physics", 1).before();
    assertTrue(before.endsWith("physics.\n\nUp?\nA. q\nB. r\nC. s\nD. t\nAnswer: A\n\n"), before);
  }

  @Test
  void whatIsWrongIsNamed() throws IOException {
    assertRefused("--shots 3 is too many", () -> mmlu().prompts("high_school_physics", 3));
    Path file = folder.resolve("test/high_school_physics_test.csv");
    Files.writeString(file, "1 + 1?,1,2,3,4,B\n1 + 2?,1,2,3,4\n");
    assertRefused(file + ": record 2", () -> mmlu().prompts("high_school_physics", 0));
    Files.writeString(file, "1 + 1?,1,2,3,4,E\n");
    assertRefused(file + ": record 1", () -> mmlu().prompts("high_school_physics", 0));
    Files.writeString(file, "1 + 1?,\"1,2,3,4,B\n");
    assertRefused(file.toString(), () -> mmlu().prompts("high_school_physics", 0));
    Files.writeString(folder.resolve("test/astrology_test.csv"), "");
    assertRefused("MMLU has no subject astrology", () -> mmlu().subjects());
    assertRefused("has no folder test", () -> new MmluQuestions(folder.resolve("dev")).subjects());
  }

  private static void assertRefused(String why, org.junit.jupiter.api.function.Executable call) {
    String message = assertThrows(UserError.class, call).getMessage();
    assertTrue(message.contains(why), message);
  }

  @Test
  void theFourGroupsHaveAllSubjectsOnce() {
    Set<String> all = new HashSet<>();
    Arrays.stream(MmluGroup.values()).forEach(group -> all.addAll(group.subjects()));
    assertEquals(57, all.size());
    assertEquals(
        List.of(19, 13, 12, 13),
        Arrays.stream(MmluGroup.values()).map(group -> group.subjects().size()).toList());
    assertEquals(MmluGroup.HUMANITIES, MmluGroup.of("prehistory").orElseThrow());
  }
}
