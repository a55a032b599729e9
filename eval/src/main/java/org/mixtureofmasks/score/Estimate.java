package org.mixtureofmasks.score;

import java.util.List;
import java.util.OptionalDouble;
import org.mixtureofmasks.task.Metric;

/**
 * A metric over a task's documents, by the formulas of lm-evaluation-harness's metrics.py.
 *
 * @param value the metric
 * @param standardError of the value; empty where the harness gives "N/A": with fewer than two
 *     documents, and for perplexities of words and bytes
 */
public record Estimate(double value, OptionalDouble standardError) {

  /** Whether the metric is a share of right answers, in [0, 1], which may be averaged. */
  public static boolean isShare(Metric metric) {
    return metric == Metric.ACC || metric == Metric.ACC_NORM;
  }

  /** The metric over documents: at least one. */
  static Estimate of(Metric metric, List<Observation> observations) {
    double value = value(metric, observations);
    if (observations.size() < 2) {
      return new Estimate(value, OptionalDouble.empty());
    }
    return new Estimate(
        value,
        switch (metric) {
          case ACC, ACC_NORM -> OptionalDouble.of(standardErrorOfMean(observations));
          case PERPLEXITY -> OptionalDouble.of(Bootstrap.standardErrorOfPerplexity(observations));
          case WORD_PERPLEXITY, BYTE_PERPLEXITY, BITS_PER_BYTE -> OptionalDouble.empty();
        });
  }

  /** The metric without its standard error. */
  public static double value(Metric metric, List<Observation> observations) {
    double sum = 0;
    double weights = 0;
    for (Observation o : observations) {
      sum += o.value();
      weights += o.weight();
    }
    return value(metric, sum, weights);
  }

  /** The metric from the sums over documents. */
  public static double value(Metric metric, double sum, double weights) {
    double mean = sum / weights;
    return switch (metric) {
      case ACC, ACC_NORM -> mean;
      case PERPLEXITY, WORD_PERPLEXITY, BYTE_PERPLEXITY -> Math.exp(-mean);
      case BITS_PER_BYTE -> -mean / Math.log(2);
    };
  }

  /**
   * A group's metric: the mean over its tasks weighted by their documents, its standard error from
   * the pooled variance.
   *
   * @param tasks the tasks' estimates of one metric
   * @param sizes the tasks' documents, in the same order
   */
  static Estimate pooled(List<Estimate> tasks, List<Integer> sizes) {
    double sum = 0;
    double variance = 0;
    long documents = 0;
    boolean known = true;
    for (int i = 0; i < tasks.size(); i++) {
      double size = sizes.get(i);
      double error = tasks.get(i).standardError.orElse(Double.NaN);
      sum += tasks.get(i).value * size;
      variance += (size - 1) * error * error * size;
      known &= tasks.get(i).standardError.isPresent();
      documents += sizes.get(i);
    }
    return new Estimate(
        sum / documents,
        known
            ? OptionalDouble.of(Math.sqrt(variance / (documents - tasks.size()) / documents))
            : OptionalDouble.empty());
  }

  /** Sample deviation (n - 1) over the square root of n. */
  private static double standardErrorOfMean(List<Observation> observations) {
    return sampleDeviation(observations.stream().mapToDouble(Observation::value).toArray())
        / Math.sqrt(observations.size());
  }

  /** With n - 1; at least two values. */
  static double sampleDeviation(double[] values) {
    double mean = 0;
    for (double v : values) {
      mean += v;
    }
    mean /= values.length;
    double squares = 0;
    for (double v : values) {
      squares += (v - mean) * (v - mean);
    }
    return Math.sqrt(squares / (values.length - 1));
  }
}
