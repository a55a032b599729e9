package org.mixtureofmasks.analyse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

class MmluQuestionsTest {
  private static final String ABOUT =
      "The following are multiple choice questions (with answers) about high school physics.\n\n";

  @TempDir Path folder;
  private Path mmlu;

  @BeforeEach
  void writeTheFiles() throws IOException {
    mmlu = folder.resolve("mmlu");
    Files.createDirectories(mmlu.resolve("test"));
    Files.createDirectories(mmlu.resolve("dev"));
    Files.writeString(
        mmlu.resolve("test/high_school_physics_test.csv"),
        "\" What is \"\"it\"\", now? \",\"a, b\",c,\"two\nlines\",d,C\nUp?,1,2,3,4,B\n");
    Files.writeString(
        mmlu.resolve("dev/high_school_physics_dev.csv"), "Up?,q,r,s,t,A\nDown?,q,r,s,t,D\n");
  }

  @Test
  void promptsComeInTwoPartsFromTheFolderOrTheOneAboveIt() {
    for (Path path : List.of(mmlu, folder)) {
      List<MmluQuestions.Subject> subjects = new MmluQuestions(path).subjects(0);
      assertEquals(1, subjects.size());
      assertEquals("high_school_physics", subjects.getFirst().name());
      assertEquals("stem", subjects.getFirst().group());
      assertEquals(
          List.of(
              new MmluQuestions.Prompt(
                  ABOUT, "What is \"it\", now?\nA. a, b\nB. c\nC. two\nlines\nD. d\nAnswer:"),
              new MmluQuestions.Prompt(ABOUT, "Up?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer:")),
          subjects.getFirst().prompts());
    }
  }

  @Test
  void examplesAreInTheFirstPartEvenWhenOneAsksTheSame() {
    MmluQuestions.Prompt second = new MmluQuestions(mmlu).subjects(1).getFirst().prompts().get(1);
    assertEquals(ABOUT + "Up?\nA. q\nB. r\nC. s\nD. t\nAnswer: A\n\n", second.before());
    assertEquals("Up?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer:", second.question());
  }

  @Test
  void aFolderWithoutSubjectsSaysWhatBelongsThere() {
    UserError error =
        assertThrows(UserError.class, () -> new MmluQuestions(mmlu.resolve("dev")).subjects(0));
    assertTrue(error.getMessage().contains("holds no subject of MMLU: put mmlu/test/"), "" + error);
  }
}
