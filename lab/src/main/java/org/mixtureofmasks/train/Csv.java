package org.mixtureofmasks.train;

/** Comma-separated values as RFC 4180 has them. */
public final class Csv {
  private Csv() {}

  /** A cell: in quotation marks where commas, such marks or line ends would be misread. */
  public static String cell(String text) {
    return text.matches("[^\",\n\r]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
