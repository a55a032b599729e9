package org.mixtureofmasks.task;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Data sets that are plain text. */
final class TextForms {
  private static final int ENDINGS = 4;
  private static final int LINES = ENDINGS + 2;

  private TextForms() {}

  /** Six lines a question: the query, the number of the right ending, the endings. */
  static List<Row> hellaswag(Path file) {
    List<String> lines = DataFile.lines(file);
    List<Row> rows = new ArrayList<>(lines.size() / LINES);
    for (int i = 0; i < lines.size(); i += LINES) {
      if (i + LINES > lines.size()) {
        throw Row.error(
            file,
            i + 1L,
            "the last question has %s lines, not %s: the file is cut off"
                .formatted(lines.size() - i, LINES));
      }
      ObjectNode document = JsonNodeFactory.instance.objectNode();
      document.put("query", lines.get(i));
      document.put("label", lines.get(i + 1));
      lines.subList(i + 2, i + LINES).forEach(document.withArray("choices")::add);
      rows.add(new Row(document, file, i + 1L));
    }
    return rows;
  }

  /** One document a page. */
  static List<Row> wikitext(Path file) {
    List<Row> rows = new ArrayList<>();
    String raw = DataFile.text(file);
    int at = 0;
    long line = 1;
    for (String page : WikiText.pages(raw)) {
      int start = raw.indexOf(page, at);
      line += raw.substring(at, start).chars().filter(c -> c == '\n').count();
      rows.add(new Row(JsonNodeFactory.instance.objectNode().put("page", page), file, line));
      at = start;
    }
    return rows;
  }
}
