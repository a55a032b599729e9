package org.mixtureofmasks.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.IoReasons;
import org.mixtureofmasks.io.Placeholder;
import org.mixtureofmasks.template.PythonText;

/** Reads the rows of a data set's files by their endings: .jsonl, .csv, .parquet, .txt, .raw. */
final class Rows {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Rows() {}

  /**
   * All documents of a split, in the order of its files, in the columns of their form.
   *
   * @param columns names of a .csv file's columns when it has no line of names; else empty
   * @throws UserError naming file and line if a row cannot be read, or if there is none
   */
  static List<Row> read(SplitFiles.Found found, Form form, List<String> columns) {
    List<Row> rows = new ArrayList<>();
    for (Path file : found.files()) {
      rows.addAll(read(file, form, columns));
    }
    found.labels().ifPresent(labels -> addLabels(rows, found.files().getFirst(), labels));
    if (rows.isEmpty()) {
      throw new UserError("%s: holds no documents".formatted(found.files().getFirst()));
    }
    List<Row> documents = new ArrayList<>(rows.size());
    for (Row row : rows) {
      try {
        documents.add(new Row(form.columns(row.document()), row.file(), row.line()));
      } catch (BadDocument e) {
        throw row.error(e.getMessage());
      }
      // Told before anything is scored: no tokenizer takes it, and no file of results.
      if (!isUnicode(row.document())) {
        throw row.error("holds half a surrogate pair, which is no character: mend the text");
      }
    }
    return documents;
  }

  private static List<Row> read(Path file, Form form, List<String> columns) {
    refusePlaceholder(file);
    String name = DataFile.plainName(file);
    Optional<Form.Text> text = form.text();
    if (text.isPresent() && (name.endsWith(".txt") || name.endsWith(".raw"))) {
      return text.get().read(file);
    }
    if (name.endsWith(".jsonl")) {
      return jsonLines(file);
    }
    if (name.endsWith(".csv")) {
      return csv(file, columns);
    }
    if (name.endsWith(".parquet")) {
      return ParquetRows.read(file);
    }
    throw new UserError(
        ("%s: its ending says no format that is read here:"
                + " .jsonl, .csv"
                + " or .parquet, the first two also packed as .gz or .bz2")
            .formatted(file));
  }

  private static void refusePlaceholder(Path file) {
    try {
      Placeholder.refuse(file);
    } catch (IOException e) {
      throw new UserError("%s: cannot be read: %s".formatted(file, IoReasons.of(e)), e);
    }
  }

  /** One JSON object a line; blank lines are passed over. */
  private static List<Row> jsonLines(Path file) {
    List<String> lines = DataFile.lines(file);
    List<Row> rows = new ArrayList<>(lines.size());
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).isBlank()) {
        continue;
      }
      rows.add(new Row(object(file, i + 1, lines.get(i)), file, i + 1));
    }
    return rows;
  }

  private static ObjectNode object(Path file, int line, String json) {
    try {
      JsonNode node = JSON.readTree(json);
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw Row.error(file, line, "must hold one JSON object {...}");
    } catch (JsonProcessingException e) {
      // What Jackson says of the place counts within the line, and says that its text is hidden.
      String said = e.getOriginalMessage().replaceAll("\\s*\\([^()]*\\[Source:[^]]*]\\)", "");
      throw Row.error(file, line, "not JSON: %s".formatted(said.replaceAll("\\s*\\R\\s*", " ")));
    }
  }

  /** RFC 4180: fields may be quoted and then hold commas, doubled quotes and newlines. */
  private static List<Row> csv(Path file, List<String> columns) {
    List<Row> rows = new ArrayList<>();
    CSVFormat format = CSVFormat.RFC4180.builder().setIgnoreEmptyLines(true).get();
    long line = 1;
    try (CSVParser parser = CSVParser.parse(DataFile.text(file), format)) {
      List<String> names = columns;
      for (var records = parser.iterator(); records.hasNext(); ) {
        CSVRecord record = records.next();
        if (names.isEmpty()) {
          names = record.toList();
        } else {
          rows.add(new Row(row(file, line, names, record), file, line));
        }
        line = parser.getCurrentLineNumber() + 1;
      }
    } catch (IOException | UncheckedIOException e) {
      throw Row.error(
          file, line, "not CSV: %s".formatted(IoReasons.oneLine(String.valueOf(e.getMessage()))));
    }
    return rows;
  }

  private static ObjectNode row(Path file, long line, List<String> names, CSVRecord record) {
    if (record.size() != names.size()) {
      throw Row.error(
          file,
          line,
          "has %s fields; there should be %s: %s"
              .formatted(record.size(), names.size(), String.join(", ", names)));
    }
    ObjectNode document = JSON.createObjectNode();
    for (int i = 0; i < names.size(); i++) {
      document.put(names.get(i), record.get(i));
    }
    return document;
  }

  private static boolean isUnicode(JsonNode node) {
    if (node.isTextual()) {
      return StandardCharsets.UTF_8.newEncoder().canEncode(node.textValue());
    }
    for (Map.Entry<String, JsonNode> member : node.properties()) {
      if (!isUnicode(new TextNode(member.getKey()))) {
        return false;
      }
    }
    for (JsonNode child : node) {
      if (!isUnicode(child)) {
        return false;
      }
    }
    return true;
  }

  /** Line i of the labels belongs to document i. */
  private static void addLabels(List<Row> rows, Path file, Path labels) {
    List<String> lines = DataFile.lines(labels);
    if (lines.size() != rows.size()) {
      throw new UserError(
          "%s: has %s labels for the %s rows of %s"
              .formatted(labels, lines.size(), rows.size(), file));
    }
    for (int i = 0; i < rows.size(); i++) {
      rows.get(i).document().put("label", PythonText.strip(lines.get(i)));
    }
  }
}
