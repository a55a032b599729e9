package org.mixtureofmasks.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** How the report writes numbers and words. */
final class ReportText {
  private ReportText() {}

  /** Text within HTML, or within a quoted attribute. */
  static String escape(String text) {
    return Grid.escape(text);
  }

  /** A paragraph of plain text. */
  static String paragraph(String text) {
    return "<p>" + escape(text) + "</p>\n";
  }

  /** "12.3 %" for 0.123; the space does not break. */
  static String percent(double share) {
    return decimals(100 * share, 1) + "\u00a0%";
  }

  /** A share as a cell under a header that says percent: "12.34" for 0.1234. */
  static String percentCell(double share) {
    return cell(100 * share, 2);
  }

  /** Fixed decimals, so that a column lines up; two digits that count where those say nothing. */
  static String cell(double value, int digits) {
    return value != 0 && Math.abs(value) < 5 * Math.pow(10, -digits)
        ? new BigDecimal(value).round(new MathContext(2)).toPlainString()
        : decimals(value, digits);
  }

  static String decimals(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /** "1,234,567". */
  static String count(long n) {
    return String.format(Locale.ROOT, "%,d", n);
  }

  /** "1 layer", "2 layers". */
  static String count(long n, String noun) {
    return count(n) + " " + noun + (n == 1 ? "" : "s");
  }
}
