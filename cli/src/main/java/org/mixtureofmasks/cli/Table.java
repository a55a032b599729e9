package org.mixtureofmasks.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** A table of text: the first column flush left, the others flush right. */
public final class Table {
  private final List<List<String>> rows = new ArrayList<>();

  /** Adds a row; rows may differ in length. */
  public Table row(String... cells) {
    rows.add(List.of(cells));
    return this;
  }

  /** Adds a row. */
  public Table row(List<String> cells) {
    rows.add(List.copyOf(cells));
    return this;
  }

  /** Adds a row: a name, then one cell for each of the things that the columns stand for. */
  public <T> Table row(String name, List<T> columns, Function<T, String> cell) {
    List<String> cells = new ArrayList<>(List.of(name));
    columns.forEach(column -> cells.add(cell.apply(column)));
    return row(cells);
  }

  /** A number with so many digits after the point, in every locale. */
  public static String decimals(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /** A share as a percentage. */
  public static String percent(double share, int digits) {
    return decimals(100 * share, digits) + " %";
  }

  /** The lines, without a line separator at the end. */
  @Override
  public String toString() {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int c = 0; c < row.size(); c++) {
        widths[c] = Math.max(widths[c], length(row.get(c)));
      }
    }
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < row.size(); c++) {
        String cell = row.get(c);
        String padding = " ".repeat(widths[c] - length(cell));
        line.append(c == 0 ? cell + padding : "  " + padding + cell);
      }
      lines.add(line.toString().stripTrailing());
    }
    return String.join(System.lineSeparator(), lines);
  }

  private static int length(String cell) {
    return cell.codePointCount(0, cell.length());
  }
}
