package org.mixtureofmasks.analyse;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.mixtureofmasks.UserError;

/**
 * MMLU's own files, {@code test/SUBJECT_test.csv} and {@code dev/SUBJECT_dev.csv}, as the prompts
 * that lm-evaluation-harness makes of them.
 */
final class MmluQuestions {
  private static final String TEST = "_test.csv";
  private static final String LETTERS = "ABCD";

  /** A question, four choices and the letter of the right one. */
  private static final int COLUMNS = 2 + LETTERS.length();

  /**
   * A subject's prompts, each the first text and a question.
   *
   * @param before what all of them begin with: the subject's name and the examples
   * @param questions with their choices, up to "Answer:"
   */
  record Prompts(String before, List<String> questions) {}

  private final Path folder;

  /**
   * @param folder with test/ and, for examples, dev/
   */
  MmluQuestions(Path folder) {
    this.folder = folder;
  }

  /**
   * The subjects that have a test file, by name.
   *
   * @throws UserError if there is none, or one that MMLU does not have
   */
  List<String> subjects() {
    Path tests = folder.resolve("test");
    if (!Files.isDirectory(tests)) {
      throw new UserError(
          folder
              + " has no folder test: MMLU's files are test/SUBJECT_test.csv, dev/SUBJECT_dev.csv");
    }
    try (Stream<Path> files = Files.list(tests)) {
      List<String> subjects =
          files
              .map(f -> f.getFileName().toString())
              .filter(name -> name.endsWith(TEST))
              .map(name -> name.substring(0, name.length() - TEST.length()))
              .sorted()
              .toList();
      if (subjects.isEmpty()) {
        throw new UserError(tests + " has no file SUBJECT" + TEST);
      }
      for (String subject : subjects) {
        if (MmluGroup.of(subject).isEmpty()) {
          throw new UserError(testFile(subject) + ": MMLU has no subject " + subject);
        }
      }
      return subjects;
    } catch (IOException e) {
      throw new UserError(tests + ": cannot be listed: " + e.getMessage(), e);
    }
  }

  /** Where a subject's questions are. */
  Path testFile(String subject) {
    return folder.resolve("test").resolve(subject + TEST);
  }

  /**
   * The prompts of a subject.
   *
   * @param shots examples with their answers before each question, the first of the dev file
   * @throws UserError naming file and record if one is malformed, or there are fewer examples
   */
  Prompts prompts(String subject, int shots) {
    StringBuilder before =
        new StringBuilder("The following are multiple choice questions (with answers) about ")
            .append(subject.replace('_', ' '))
            .append(".\n\n");
    if (shots > 0) {
      Path dev = folder.resolve("dev").resolve(subject + "_dev.csv");
      List<CSVRecord> examples = read(dev);
      if (examples.size() < shots) {
        throw new UserError(
            dev + " has " + examples.size() + " examples: --shots " + shots + " is too many");
      }
      for (CSVRecord example : examples.subList(0, shots)) {
        before.append(question(example)).append(' ').append(answer(example)).append("\n\n");
      }
    }
    return new Prompts(
        before.toString(), read(testFile(subject)).stream().map(MmluQuestions::question).toList());
  }

  private static String question(CSVRecord record) {
    StringBuilder s = new StringBuilder(record.get(0).strip());
    for (int c = 0; c < LETTERS.length(); c++) {
      s.append('\n').append(LETTERS.charAt(c)).append(". ").append(record.get(c + 1));
    }
    return s.append("\nAnswer:").toString();
  }

  private static String answer(CSVRecord record) {
    return record.get(COLUMNS - 1);
  }

  private static List<CSVRecord> read(Path file) {
    List<CSVRecord> records = new ArrayList<>();
    try (Reader text = Files.newBufferedReader(file, StandardCharsets.UTF_8);
        CSVParser parser = CSVFormat.RFC4180.parse(text)) {
      for (CSVRecord record : parser) {
        if (record.size() != COLUMNS
            || answer(record).length() != 1
            || !LETTERS.contains(answer(record))) {
          throw new UserError(
              file
                  + ": record "
                  + record.getRecordNumber()
                  + " is not a question, four choices and A, B, C or D");
        }
        records.add(record);
      }
    } catch (NoSuchFileException e) {
      throw new UserError(file + ": no such file", e);
    } catch (CharacterCodingException e) {
      throw new UserError(file + ": not UTF-8 text", e);
    } catch (java.io.UncheckedIOException | CSVException e) {
      throw new UserError(file + ": is no CSV file: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read: " + e.getMessage(), e);
    }
    return records;
  }
}
