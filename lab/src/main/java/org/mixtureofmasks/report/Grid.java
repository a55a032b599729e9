package org.mixtureofmasks.report;

import java.util.ArrayList;
import java.util.List;

/** A table of text that is written as Markdown and as HTML. */
public final class Grid {
  private final List<String> header;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * @param header names of the columns; the first column names the rows
   */
  public Grid(List<String> header) {
    this.header = List.copyOf(header);
  }

  /**
   * Adds a row.
   *
   * @throws IllegalArgumentException for another number of cells than the header has
   */
  public Grid row(List<String> cells) {
    if (cells.size() != header.size()) {
      throw new IllegalArgumentException("%s cells under %s".formatted(cells.size(), header));
    }
    rows.add(List.copyOf(cells));
    return this;
  }

  /** Rows between bars; a bar within a cell is escaped. */
  public String markdown() {
    StringBuilder s = new StringBuilder();
    line(s, header);
    s.append("|---".repeat(header.size())).append("|\n");
    rows.forEach(row -> line(s, row));
    return s.toString();
  }

  private static void line(StringBuilder s, List<String> cells) {
    cells.forEach(cell -> s.append("| ").append(cell.replace("|", "\\|")).append(' '));
    s.append("|\n");
  }

  /** The first column names the row; the table scrolls sideways by itself, by keyboard too. */
  public String html(String caption) {
    StringBuilder s = new StringBuilder();
    s.append("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"")
        .append(escape(caption))
        .append("\">\n<table>\n<caption>")
        .append(escape(caption))
        .append("</caption>\n<thead><tr>");
    header.forEach(cell -> s.append("<th scope=\"col\">").append(escape(cell)).append("</th>"));
    s.append("</tr></thead>\n<tbody>\n");
    for (List<String> row : rows) {
      s.append("<tr><th scope=\"row\">").append(escape(row.getFirst())).append("</th>");
      row.subList(1, row.size())
          .forEach(cell -> s.append("<td>").append(escape(cell)).append("</td>"));
      s.append("</tr>\n");
    }
    return s.append("</tbody>\n</table>\n</div>\n").toString();
  }

  /** Text within HTML, or within a quoted attribute. */
  public static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
