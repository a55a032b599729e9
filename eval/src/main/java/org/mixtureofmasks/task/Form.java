package org.mixtureofmasks.task;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How the rows of a published data set become the columns that the harness's templates name. Both
 * the files of the data set's authors and the columns of the Hugging Face hub are taken.
 */
enum Form {
  /** Columns as they are. */
  PLAIN(row -> row),
  /** The authors': title, passage, question, answer; SuperGLUE's: passage, question, label. */
  BOOLQ(PublishedForms::boolq),
  /** goal, sol1, sol2, label from 0. */
  PIQA(PublishedForms::piqa),
  /** context, question, answerA to answerC; correct (A to C) or label (1 to 3). */
  SOCIAL_IQA(PublishedForms::socialIqa),
  /** ctx_a, ctx_b, activity_label, endings, label; adds query, choices and gold. */
  HELLASWAG(PublishedForms::hellaswag),
  /** A text file of six lines a question: query, number of the right ending, four endings. */
  HELLASWAG_TEXT(row -> row, TextForms::hellaswag),
  /** question with stem and choices, or question and choices; answerKey. */
  ARC(row -> PublishedForms.stem(row, "question")),
  /** question_stem with choices, or question with stem and choices; answerKey. */
  OPENBOOKQA(row -> PublishedForms.stem(row, "question_stem")),
  /** question, A to D and answer as a letter, or choices and answer from 0. */
  MMLU(PublishedForms::mmlu),
  /** A raw text whose pages begin at their titles, or a column page. */
  WIKITEXT(row -> row, TextForms::wikitext);

  /** Makes a row's columns. */
  @FunctionalInterface
  interface Columns {
    ObjectNode of(ObjectNode row) throws BadDocument;
  }

  /** Reads a .txt or .raw file. */
  @FunctionalInterface
  interface Text {
    List<Row> read(Path file);
  }

  private final Columns columns;
  private final Optional<Text> text;

  Form(Columns columns) {
    this.columns = columns;
    this.text = Optional.empty();
  }

  Form(Columns columns, Text text) {
    this.columns = columns;
    this.text = Optional.of(text);
  }

  /**
   * A row in the columns that templates name.
   *
   * @throws BadDocument if a field is missing or is not what it should be
   */
  ObjectNode columns(ObjectNode row) throws BadDocument {
    return columns.of(row);
  }

  /** How a .txt or .raw file is read, for the forms that have such. */
  Optional<Text> text() {
    return text;
  }

  /** Its name in task files. */
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  static List<String> keys() {
    return Arrays.stream(values()).map(Form::key).toList();
  }
}
