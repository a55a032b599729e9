package org.mixtureofmasks.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.stream.Stream;
import org.mixtureofmasks.report.Grid;

/**
 * A figure as SVG within HTML: colours come from the page's style, so that light, dark and print
 * are the page's business. Series beyond the palette differ by dash or shape as well as colour.
 * Labels of an axis are as many as there is room for.
 */
final class Chart {
  static final int COLOURS = 8;

  private static final int WIDTH = 760;
  private static final int HEIGHT = 400;
  private static final int RIGHT = 28;
  private static final int TOP = 12;
  private static final int BOTTOM = 48;
  private static final int TICKS = 6;
  private static final double RADIUS = 5;

  /** Pixels of a character at the page's 12 pixels of height, at most. */
  private static final double CHARACTER = 7;

  /** Pixels between two labels at least. */
  private static final double GAP = 12;

  /** Where the vertical axis's name ends. */
  private static final double NAME = 24;

  /** A point of a series. */
  record Point(double x, double y) {}

  /** How a series is drawn. */
  enum Shape {
    LINE,
    /**
     * One mark for each point, with an error bar; marks of one series are joined by a thin line.
     */
    MARKS,
    /** A thin line of no colour that binds marks of other series together. */
    FRONT
  }

  /**
   * What tells a series from others, the same in every figure of a page.
   *
   * @param colour of what it shows, from 0
   * @param variant among the series of that colour, from 0: its dash
   */
  record Look(int colour, int variant) {
    private String colourClass() {
      return "c" + colour % COLOURS;
    }

    /** Colours come back after {@link #COLOURS}: then it is the dash that differs. */
    private String dashClass() {
      return "d" + (colour / COLOURS + variant) % 4;
    }
  }

  /**
   * @param errors half the height of each point's error bar; empty for none
   */
  record Series(String name, Shape shape, Look look, List<Point> points, List<Double> errors) {
    Series {
      points = List.copyOf(points);
      errors = List.copyOf(errors);
    }

    static Series line(String name, Look look, List<Point> points) {
      return new Series(name, Shape.LINE, look, points, List.of());
    }
  }

  /**
   * @param text how a value of the axis is written
   */
  record Axis(String label, DoubleFunction<String> text) {}

  private final Axis x;
  private final Axis y;
  private final List<Series> series;
  private final double minX;
  private final double maxX;
  private final double minY;
  private final double maxY;

  /** Pixels left of the picture: the axis's name and its longest label side by side. */
  private final double left;

  /**
   * @param series at least one with a point
   */
  Chart(Axis x, Axis y, List<Series> series) {
    this.x = x;
    this.y = y;
    this.series = List.copyOf(series);
    double[] spanX = padded(all().mapToDouble(Point::x).summaryStatistics());
    double[] spanY = padded(all().mapToDouble(Point::y).summaryStatistics());
    minX = spanX[0];
    maxX = spanX[1];
    minY = spanY[0];
    maxY = spanY[1];
    left = NAME + GAP + ticks(minY, maxY).stream().mapToDouble(v -> width(y, v)).max().orElse(0);
  }

  private static double width(Axis axis, double value) {
    return CHARACTER * axis.text().apply(value).length();
  }

  private Stream<Point> all() {
    return series.stream().flatMap(s -> s.points().stream());
  }

  private static double[] padded(java.util.DoubleSummaryStatistics s) {
    double span = s.getMax() - s.getMin();
    double pad = span > 0 ? 0.05 * span : Math.max(1e-3, 0.05 * Math.abs(s.getMax()));
    return new double[] {s.getMin() - pad, s.getMax() + pad};
  }

  /** The picture with its legend. */
  String html(String title) {
    StringBuilder s = new StringBuilder();
    s.append("<svg viewBox=\"0 0 ")
        .append(WIDTH + " " + HEIGHT)
        .append("\" role=\"group\" aria-label=\"")
        .append(Grid.escape(title))
        .append("\">\n");
    grid(s);
    series.forEach(one -> draw(s, one));
    s.append("</svg>\n<ul class=\"legend\">\n");
    for (Series one : series) {
      s.append("<li><svg viewBox=\"0 0 28 12\" aria-hidden=\"true\"><g class=\"")
          .append(style(one))
          .append("\">")
          .append(
              one.shape() == Shape.MARKS
                  ? mark(14, 6, one.look().colour() / COLOURS)
                  : "<path d=\"M1 6H27\"/>")
          .append("</g></svg> ")
          .append(Grid.escape(one.name()))
          .append("</li>\n");
    }
    return s.append("</ul>\n").toString();
  }

  private void grid(StringBuilder s) {
    double end = 0; // of the last label
    String last = "";
    for (double v : ticks(minX, maxX)) {
      line(s, px(v), TOP, px(v), HEIGHT - BOTTOM);
      String label = x.text().apply(v);
      double half = width(x, v) / 2;
      if (px(v) - half >= end && px(v) + half <= WIDTH && !label.equals(last)) {
        text(s, px(v), HEIGHT - BOTTOM + 18, "middle", label);
        end = px(v) + half + GAP;
        last = label;
      }
    }
    last = "";
    for (double v : ticks(minY, maxY)) {
      line(s, left, py(v), WIDTH - RIGHT, py(v));
      String label = y.text().apply(v);
      if (!label.equals(last)) { // a span too small for the axis's digits
        text(s, left - 8, py(v) + 4, "end", label);
        last = label;
      }
    }
    text(s, (left + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", x.label());
    s.append("<g transform=\"translate(14 ")
        .append((TOP + HEIGHT - BOTTOM) / 2)
        .append(") rotate(-90)\">");
    text(s, 0, 0, "middle", y.label());
    s.append("</g>\n");
  }

  private void draw(StringBuilder s, Series one) {
    s.append("<g class=\"").append(style(one)).append("\">");
    if (one.shape() != Shape.MARKS) {
      s.append("<path d=\"").append(path(one)).append("\"><title>").append(Grid.escape(one.name()));
      s.append("</title></path>");
    } else {
      if (one.points().size() > 1) {
        s.append("<path class=\"join\" d=\"").append(path(one)).append("\"/>");
      }
      for (int i = 0; i < one.points().size(); i++) {
        Point p = one.points().get(i);
        String name = one.name() + ": " + x.text().apply(p.x()) + ", " + y.text().apply(p.y());
        s.append("<g tabindex=\"0\" role=\"img\" aria-label=\"").append(Grid.escape(name));
        s.append("\"><title>").append(Grid.escape(name)).append("</title>");
        if (i < one.errors().size() && one.errors().get(i) > 0) {
          line(
              s,
              px(p.x()),
              py(p.y() - one.errors().get(i)),
              px(p.x()),
              py(p.y() + one.errors().get(i)));
        }
        s.append(mark(px(p.x()), py(p.y()), one.look().colour() / COLOURS)).append("</g>");
      }
    }
    s.append("</g>\n");
  }

  /** Through all points of a series. */
  private String path(Series one) {
    StringBuilder path = new StringBuilder();
    for (Point p : one.points()) {
      path.append(path.isEmpty() ? 'M' : 'L').append(at(px(p.x()))).append(' ');
      path.append(at(py(p.y())));
    }
    return path.toString();
  }

  private static String style(Series one) {
    return switch (one.shape()) {
      case FRONT -> "front";
      case LINE -> "line " + one.look().colourClass() + " " + one.look().dashClass();
      case MARKS -> "marks " + one.look().colourClass();
    };
  }

  /** A disc, a square, a diamond, a triangle: one shape for each round of the palette. */
  private static String mark(double cx, double cy, int round) {
    String shape =
        switch (round % 4) {
          case 0 -> "M-1 0A1 1 0 1 1 1 0A1 1 0 1 1 -1 0Z";
          case 1 -> "M-.9 -.9H.9V.9H-.9Z";
          case 2 -> "M0 -1.2L1.2 0L0 1.2L-1.2 0Z";
          default -> "M0 -1.2L1.1 .8H-1.1Z";
        };
    return "<path transform=\"translate("
        + at(cx)
        + " "
        + at(cy)
        + ") scale("
        + at(RADIUS)
        + ")\" d=\""
        + shape
        + "\"/>";
  }

  private static void line(StringBuilder s, double x1, double y1, double x2, double y2) {
    s.append("<line x1=\"").append(at(x1)).append("\" y1=\"").append(at(y1));
    s.append("\" x2=\"").append(at(x2)).append("\" y2=\"").append(at(y2)).append("\"/>");
  }

  private static void text(StringBuilder s, double x, double y, String anchor, String text) {
    s.append("<text x=\"").append(at(x)).append("\" y=\"").append(at(y));
    s.append("\" text-anchor=\"").append(anchor).append("\">").append(Grid.escape(text));
    s.append("</text>\n");
  }

  /** Round values within a span, about {@link #TICKS} of them. */
  static List<Double> ticks(double min, double max) {
    double rough = (max - min) / TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double step =
        Stream.of(1.0, 2.0, 5.0, 10.0).filter(f -> f * power >= rough).findFirst().orElse(10.0)
            * power;
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(min / step); i * step <= max; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  private double px(double value) {
    return left + (value - minX) / (maxX - minX) * (WIDTH - left - RIGHT);
  }

  private double py(double value) {
    return HEIGHT - BOTTOM - (value - minY) / (maxY - minY) * (HEIGHT - TOP - BOTTOM);
  }

  private static String at(double coordinate) {
    return String.format(Locale.ROOT, "%.1f", coordinate);
  }
}
