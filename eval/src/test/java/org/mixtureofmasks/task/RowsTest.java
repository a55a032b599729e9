package org.mixtureofmasks.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;

/** Files as they are published, and files that something happened to. */
class RowsTest {
  private static final Path DATA = TestFiles.resource("/org/mixtureofmasks/task/data");
  private static final String QUESTION =
      "{\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"b\", \"label\": 1}\n";

  @TempDir Path folder;

  private Path write(String name, String text) throws IOException {
    return write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  private Path write(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private LoadedTask load(String name) {
    return Tasks.resolve(List.of(name)).getFirst().load(folder, OptionalInt.empty(), 0);
  }

  /** The error's line after the file's name. */
  private String refusal(String task, Path file) {
    UserError error = assertThrows(UserError.class, () -> load(task));
    assertEquals(UserError.FAILED, error.exitCode());
    assertFalse(error.getMessage().contains("\n"), error.getMessage());
    assertTrue(error.getMessage().startsWith(file + ":"), error.getMessage());
    return error.getMessage().substring(file.toString().length());
  }

  private String refused(String task, String name, String text) throws IOException {
    return refusal(task, write(name, text));
  }

  private String piqa(String lines) throws IOException {
    // The hub's columns as JSON Lines: a place of the test's own, for PIQA's authors keep labels
    // apart.
    write(
        "own.yaml",
        """
        task: own
        form: piqa
        validation_files: rows.jsonl
        doc_to_text: "{{goal}}"
        doc_to_choice: "{{[sol1, sol2]}}"
        doc_to_target: label
        metrics: acc
        """);
    return refused(folder.resolve("own.yaml").toString(), "rows.jsonl", lines);
  }

  @Test
  void packedFilesAreReadAsTheirPlainOnesAre() throws IOException {
    String text = Files.readString(DATA.resolve("boolq/dev.jsonl"));
    Path plain = write("boolq/dev.jsonl", text);
    List<Question> expected = load("boolq").questions();
    Files.delete(plain);
    Path gzip = folder.resolve("boolq/dev.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    assertEquals(expected, load("boolq").questions());
    Files.delete(gzip);
    Path bzip2 = folder.resolve("boolq/dev.jsonl.bz2");
    try (OutputStream out = new BZip2CompressorOutputStream(Files.newOutputStream(bzip2))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    LoadedTask loaded = load("boolq");
    assertEquals(expected, loaded.questions());
    assertEquals(bzip2, loaded.file());
  }

  @Test
  void linkedFoldersAndFilesAreRead() throws IOException {
    Files.createDirectories(folder.resolve("mmlu"));
    Files.createSymbolicLink(folder.resolve("mmlu/test"), DATA.resolve("mmlu/test"));
    Files.createDirectories(folder.resolve("boolq"));
    Files.createSymbolicLink(folder.resolve("boolq/dev.jsonl"), DATA.resolve("boolq/dev.jsonl"));
    assertEquals(3, load("mmlu_anatomy").documents());
    assertEquals(3, load("boolq").documents());
  }

  @Test
  void aPackedFileThatIsCutOffIsRefused() throws IOException {
    Path file = folder.resolve("whole.bz2");
    byte[] text = "{\"text\": \"one two\"}\n".repeat(50).getBytes(StandardCharsets.UTF_8);
    try (OutputStream out = new BZip2CompressorOutputStream(Files.newOutputStream(file))) {
      out.write(text);
    }
    byte[] packed = Files.readAllBytes(file);
    Path cut = write("lambada/lambada_test.jsonl.bz2", Arrays.copyOf(packed, packed.length / 2));
    assertTrue(refusal("lambada_openai", cut).startsWith(": "));
    Files.delete(cut);
    Path garbage = write("lambada/lambada_test.jsonl.gz", "this is no gzip");
    assertEquals(
        ": the packed file is cut off or damaged: get it again",
        refusal("lambada_openai", garbage));
  }

  @Test
  void aMalformedLineIsRefusedWithItsNumber() throws IOException {
    String cut = piqa(QUESTION + "{\"goal\": \n");
    assertTrue(cut.startsWith(":2: not JSON: Unexpected end-of-input"), cut);
    assertFalse(cut.contains("Source"), cut);
    assertEquals(":3: must hold one JSON object {...}", piqa(QUESTION + "\n[1]\n"));
    assertTrue(piqa(QUESTION + QUESTION.strip() + " x\n").startsWith(":2: not JSON: "));
    assertEquals(
        ":2: the field 'goal' is missing (did you mean 'goals'?)",
        piqa(QUESTION + QUESTION.replace("goal", "goals")));
    assertEquals(":1: the field 'label' is missing", piqa(QUESTION.replace(", \"label\": 1", "")));
  }

  @Test
  void aWrongLabelIsRefusedWithItsLine() throws IOException {
    assertEquals(
        ":2: its label is 2: it must be the number of a choice, 0 to 1",
        piqa(QUESTION + QUESTION.replace("1}", "2}")));
    assertEquals(
        ":1: its label is -1: it must be the number of a choice, 0 to 1",
        piqa(QUESTION.replace("1}", "-1}")));
    assertEquals(
        ":1: the field 'label' is \"x\", not a whole number",
        piqa(QUESTION.replace("1}", "\"x\"}")));
    assertEquals(
        ":1: 'correct' is 'D': it must be A to C",
        refused(
            "siqa",
            "siqa/socialIQa_v1.4_dev.jsonl",
            "{\"context\": \"c\", \"question\": \"q\", \"answerA\": \"a\", \"answerB\": \"b\","
                + " \"answerC\": \"c\", \"correct\": \"D\"}\n"));
    assertEquals(
        ":1: E is not one of [A, B]",
        refused(
            "arc_easy",
            "arc/ARC-Easy-Test.jsonl",
            "{\"id\": \"1\", \"question\": {\"stem\": \"s\", \"choices\": [{\"text\": \"x\","
                + " \"label\": \"A\"}, {\"text\": \"y\", \"label\": \"B\"}]}, \"answerKey\":"
                + " \"E\"}\n"));
    assertEquals(
        ":2: 'answer' is 'E': it must be A to D",
        refused("mmlu_virology", "mmlu/test/virology_test.csv", "q,a,b,c,d,A\nq,a,b,c,d,E\n"));
  }

  @Test
  void aQuestionWithoutChoicesIsRefused() throws IOException {
    assertEquals(
        ":1: it has one choice only",
        refused(
            "arc_easy",
            "arc/ARC-Easy-Test.jsonl",
            "{\"id\": \"1\", \"question\": \"q\", \"choices\": {\"text\": [\"a\"], \"label\": [\"A\"]},"
                + " \"answerKey\": \"A\"}\n"));
    assertEquals(
        ":1: the field 'answer' is \"maybe\", neither true nor false",
        refused(
            "boolq",
            "boolq/dev.jsonl",
            "{\"question\": \"q\", \"passage\": \"p\", \"answer\": \"maybe\"}\n"));
    assertEquals(
        ":1: it has no choices",
        refused(
            "arc_easy",
            "arc/ARC-Easy-Test.jsonl",
            "{\"id\": \"1\", \"question\": \"q\", \"choices\": {\"text\": [], \"label\": []},"
                + " \"answerKey\": \"A\"}\n"));
    assertEquals(
        ":1: an ending is 3, not a text",
        refused(
            "hellaswag",
            "hellaswag/hellaswag_val.jsonl",
            "{\"activity_label\": \"a\", \"ctx_a\": \"b\", \"ctx_b\": \"\", \"endings\": [3],"
                + " \"label\": 0}\n"));
  }

  @Test
  void csvRowsMayHoldNewlinesAndAreNamedByTheLineTheyBeginOn() throws IOException {
    String name = "mmlu/test/virology_test.csv";
    write(name, "\"two\nlines, and \"\"more\"\"\",a,b,c,d,A\r\n\r\nq,a,b,c,d,D\r\n");
    List<Question> questions = load("mmlu_virology").questions();
    assertEquals(2, questions.size());
    assertTrue(
        questions
            .getFirst()
            .asks()
            .getFirst()
            .context()
            .endsWith("two\nlines, and \"more\"\nA. a\nB. b\nC. c\nD. d\nAnswer:"));
    assertEquals(3, questions.get(1).gold());
    assertEquals(
        ":4: has 3 fields; there should be 6: question, A, B, C, D, answer",
        refused("mmlu_virology", name, "\"x\ny\nz\",a,b,c,d,A\nq,a,b\n"));
    assertTrue(
        refused("mmlu_virology", name, "q,a,b,c,d,A\n\"never closed,a,b,c,d,A\n")
            .startsWith(":2: not CSV: "));
  }

  @Test
  void labelsMustBeThereAndAsManyAsTheRows() throws IOException {
    String rows = Files.readString(DATA.resolve("piqa/valid.jsonl"));
    Path file = write("piqa/valid.jsonl", rows);
    assertEquals(
        ": its labels are missing: put piqa/valid-labels.lst there", refusal("piqa", file));
    Path labels = write("piqa/valid-labels.lst", "0\n1\n");
    assertEquals(": has 2 labels for the 3 rows of " + file, refusal("piqa", labels));
  }

  @Test
  void textThatIsNotUtf8AndFilesWithoutDocumentsAreRefused() throws IOException {
    Path file = write("boolq/dev.jsonl", new byte[] {'{', (byte) 0xff, '}'});
    assertEquals(": not UTF-8 text: convert it, or get it again", refusal("boolq", file));
    write("boolq/dev.jsonl", "\n\n");
    assertEquals(": holds no documents", refusal("boolq", file));
  }

  @Test
  void aTextOfQuestionsThatIsCutOffIsRefused() throws IOException {
    String name = "hellaswag/hellaswag_val_full.txt";
    String text = Files.readString(DATA.resolve(name));
    String cut = text.substring(0, text.indexOf("learns French"));
    assertEquals(
        ":7: the last question has 2 lines, not 6: the file is cut off",
        refused("hellaswag_text", name, text.lines().limit(8).reduce("", (a, b) -> a + b + "\n")));
    assertEquals(
        ":1: the last question has 5 lines, not 6: the file is cut off",
        refused("hellaswag_text", name, cut));
    assertEquals(
        ":1: its label is x: it must be the number of a choice, 0 to 3",
        refused("hellaswag_text", name, "q\nx\na\nb\nc\nd\n"));
  }

  @Test
  void aSentenceWithoutItsGapIsRefused() throws IOException {
    assertEquals(
        ":1: 'sentence.split()' has 1 items, none at [1]",
        refused(
            "winogrande",
            "winogrande/dev.jsonl",
            "{\"sentence\": \"no gap\", \"option1\": \"a\", \"option2\": \"b\", \"answer\":"
                + " \"1\"}\n"));
  }

  @Test
  void damagedParquetIsRefused() throws IOException {
    byte[] whole =
        Files.readAllBytes(
            TestFiles.resource(
                "/org/mixtureofmasks/task/hub/boolq/validation-00000-of-00001.parquet"));
    String name = "boolq/validation-00000-of-00001.parquet";
    Path file = write(name, Arrays.copyOf(whole, whole.length - 9));
    assertTrue(refusal("boolq", file).startsWith(": cannot be read as parquet: "));
    byte[] changed = whole.clone();
    Arrays.fill(changed, 60, 400, (byte) 0x5a);
    write(name, changed);
    assertTrue(refusal("boolq", file).startsWith(": cannot be read as parquet: "));
  }

  @Test
  void aByteOrderMarkIsNoPartOfADataSet() throws IOException {
    String mark = "\uFEFF";
    write("own.jsonl", mark + "{\"q\": \"Why?\", \"label\": 0}\n");
    write("own.csv", mark + "q,label\nWhy?,0\n");
    for (String data : List.of("own.jsonl", "own.csv")) {
      Path task =
          write(
              "own.yaml",
              mark
                  + """
                  task: own
                  about: x
                  source: y
                  version: "1.0"
                  output_type: multiple_choice
                  test_files: [%s]
                  doc_to_text: "{{q}}"
                  doc_to_choice: [x, y]
                  doc_to_target: "{{label|int}}"
                  metrics: [acc]
                  """
                      .formatted(data));
      LoadedTask loaded = load(task.toString());
      assertEquals("Why?", loaded.questions().getFirst().asks().getFirst().context(), data);
    }
    write("mmlu/dev/anatomy_dev.csv", mark + "Q?,a,b,c,d,A\n".repeat(5));
    write("mmlu/test/anatomy_test.csv", mark + "Q?,a,b,c,d,A\n");
    String prompt = load("mmlu_anatomy").questions().getFirst().asks().getFirst().context();
    assertFalse(prompt.contains(mark), prompt);
  }

  @Test
  void aPointerInPlaceOfTheDataIsNamed() throws IOException {
    String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
    write("piqa/valid-labels.lst", "1\n");
    Path file = write("piqa/valid.jsonl", pointer);
    String said = assertThrows(UserError.class, () -> load("piqa")).getMessage();
    assertTrue(said.startsWith(file + " (byte 0): is a git-lfs pointer"), said);
  }

  @Test
  void halfASurrogatePairIsNamedBeforeAnythingIsScored() throws IOException {
    write("piqa/valid-labels.lst", "1\n1\n");
    String broken = QUESTION.replace("\"g\"", "\"\\ud83d\"");
    assertEquals(
        ":2: holds half a surrogate pair, which is no character: mend the text",
        refused("piqa", "piqa/valid.jsonl", QUESTION + broken));
  }
}
