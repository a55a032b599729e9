package org.mixtureofmasks.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A chart with the tables it is drawn from. report.js reads the numbers out of the tables, so that
 * the two cannot differ; of several tables the reader chooses one. The first column of a table
 * names its rows, the other cells are numbers or empty.
 */
final class ReportFigure {
  /** How the numbers of a table are drawn. */
  enum Kind {
    /** Rows down, columns across, the number as colour. */
    HEATMAP,
    /** Rows against columns, with a colour on either side of zero. */
    DIVERGING,
    /** Rows across; for each column a bar. */
    BARS,
    /** Rows across; the columns stacked: first and last have colours of their own. */
    STACKED,
    /** Rows across; for each column a line. */
    LINES
  }

  private record Frame(String name, Grid grid) {}

  private final Kind kind;
  private final String id;
  private final String title;
  private final String note;
  private final Map<String, String> attributes = new LinkedHashMap<>();
  private final List<Frame> frames = new ArrayList<>();

  /**
   * @param id unique within the page
   * @param note what is to be seen, in a sentence or two
   */
  ReportFigure(Kind kind, String id, String title, String note) {
    this.kind = kind;
    this.id = id;
    this.title = title;
    this.note = note;
  }

  /**
   * @param x what goes across
   * @param y what goes up or down
   * @param unit of the numbers; empty for none
   */
  ReportFigure axes(String x, String y, String unit) {
    return set("x", x).set("y", y).set("unit", unit);
  }

  /** Fixes both ends of the scale of the numbers. */
  ReportFigure range(double low, double high) {
    return set("low", Double.toString(low)).set("high", Double.toString(high));
  }

  /** A data attribute that report.js reads. */
  ReportFigure set(String name, String value) {
    attributes.put(name, value);
    return this;
  }

  /** Adds a table. */
  ReportFigure frame(String name, Grid grid) {
    frames.add(new Frame(name, grid));
    return this;
  }

  String html() {
    StringBuilder s = new StringBuilder("<figure id=\"" + id + "\" data-kind=\"");
    s.append(kind.name().toLowerCase(Locale.ROOT)).append('"');
    attributes.forEach(
        (name, value) -> s.append(" data-" + name + "=\"" + ReportText.escape(value) + "\""));
    s.append(">\n<figcaption><h3>")
        .append(ReportText.escape(title))
        .append("</h3>\n")
        .append(note.isBlank() ? "" : ReportText.paragraph(note.strip()))
        .append("</figcaption>\n<div class=\"chart\" role=\"img\" aria-label=\"")
        .append(ReportText.escape(title + ". " + note.strip()).strip())
        .append("\"></div>\n<details>\n<summary>The numbers of this chart</summary>\n");
    for (Frame frame : frames) {
      s.append("<div data-frame=\"" + ReportText.escape(frame.name()) + "\">\n")
          .append(frame.grid().html(caption(frame)))
          .append("</div>\n");
    }
    return s.append("</details>\n</figure>\n").toString();
  }

  private String caption(Frame frame) {
    String unit = attributes.getOrDefault("unit", "");
    return title
        + (frames.size() == 1 ? "" : ": " + frame.name())
        + (unit.isEmpty() ? "" : " (" + unit + ")");
  }
}
