package org.mixtureofmasks.analyse;

import java.util.Arrays;

/** A number of each token, gathered one by one. */
final class Samples {
  private float[] values = new float[1024];
  private int count;

  void add(double value) {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = (float) value;
  }

  /** Of one at least. */
  double mean() {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += values[i];
    }
    return sum / count;
  }

  /** Of all, by their number. */
  double standardDeviation() {
    double mean = mean();
    double squares = 0;
    for (int i = 0; i < count; i++) {
      squares += (values[i] - mean) * (values[i] - mean);
    }
    return Math.sqrt(squares / count);
  }

  /** The q-quantiles, see {@link Distribution#quantile}. */
  double[] quantiles(double... q) {
    float[] sorted = Arrays.copyOf(values, count);
    Arrays.sort(sorted);
    return Arrays.stream(q).map(each -> Distribution.quantile(sorted, each)).toArray();
  }
}
