package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.math.BigDecimal;
import java.math.MathContext;

/** Numbers as analysis.json has them: six significant digits. */
final class Numbers {
  private static final MathContext DIGITS = new MathContext(6);

  private Numbers() {}

  /** The nearest number of six significant digits; the number must be finite. */
  static double rounded(double value) {
    return new BigDecimal(value).round(DIGITS).doubleValue();
  }

  static void add(ArrayNode to, double... values) {
    for (double value : values) {
      to.add(rounded(value));
    }
  }

  static void add(ArrayNode to, double[][] rows) {
    for (double[] row : rows) {
      add(to.addArray(), row);
    }
  }
}
