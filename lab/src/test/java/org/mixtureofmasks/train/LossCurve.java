package org.mixtureofmasks.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The losses of a run's steps as text: a line of names, then for each step its number from 1, the
 * loss in nats per token, and the same as Java's hexadecimal, which keeps every bit.
 *
 * @param losses of the steps in order
 */
record LossCurve(List<Double> losses) {
  private static final String NAMES = "step loss bits";

  LossCurve {
    losses = List.copyOf(losses);
  }

  /**
   * @throws IllegalArgumentException if the text is no curve
   */
  static LossCurve parse(String text) {
    List<String> lines = text.lines().toList();
    if (lines.isEmpty() || !lines.getFirst().equals(NAMES)) {
      throw new IllegalArgumentException("a curve begins with the line '%s'".formatted(NAMES));
    }
    List<Double> losses = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] words = line.split(" ");
      if (words.length != 3 || Integer.parseInt(words[0]) != losses.size() + 1) {
        throw new IllegalArgumentException(
            "step %d of a curve is '%s'".formatted(losses.size() + 1, line));
      }
      losses.add(Double.parseDouble(words[2]));
    }
    return new LossCurve(losses);
  }

  /** The text that {@link #parse} reads. */
  String text() {
    StringBuilder text = new StringBuilder(NAMES).append('\n');
    for (int i = 0; i < losses.size(); i++) {
      double loss = losses.get(i);
      text.append(
          String.format(Locale.ROOT, "%d %.6f %s\n", i + 1, loss, Double.toHexString(loss)));
    }
    return text.toString();
  }

  /** The largest difference of a step, relative to the other's loss. */
  double farthestFrom(LossCurve other) {
    double[] differences = new double[losses.size()];
    Arrays.setAll(
        differences, i -> Math.abs(losses.get(i) - other.losses.get(i)) / other.losses.get(i));
    return Arrays.stream(differences).max().orElse(0);
  }
}
