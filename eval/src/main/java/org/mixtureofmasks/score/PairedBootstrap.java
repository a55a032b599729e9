package org.mixtureofmasks.score;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.mixtureofmasks.task.Metric;

/**
 * How sure a difference between models is that answered the same documents: documents are drawn
 * with replacement, the same ones for every model, and the metric is taken anew.
 *
 * @param resamples how often
 * @param seed the same seed gives the same figures
 */
public record PairedBootstrap(int resamples, long seed) {

  /**
   * A difference to the first model.
   *
   * @param value model minus first
   * @param low 2.5th percentile over resamples
   * @param high 97.5th percentile
   * @param pValue two-sided: twice the smaller share of resamples on one side of 0, 0 included,
   *     with the usual 1 added to both counts; at most 1
   */
  public record Difference(double value, double low, double high, double pValue) {}

  /**
   * The metric of each model in each resample.
   *
   * @param name what is resampled; other names get other draws
   * @param models model x document, all of one length
   * @return model x resample
   */
  public double[][] values(String name, Metric metric, List<List<Observation>> models) {
    int documents = models.getFirst().size();
    double[][] value = new double[models.size()][documents];
    double[][] weight = new double[models.size()][documents];
    for (int m = 0; m < models.size(); m++) {
      for (int d = 0; d < documents; d++) {
        value[m][d] = models.get(m).get(d).value();
        weight[m][d] = models.get(m).get(d).weight();
      }
    }
    double[][] resampled = new double[models.size()][resamples];
    long own = seed * 0x9E3779B97F4A7C15L + name.hashCode();
    // Each resample has a generator of its own, so the order does not matter.
    IntStream.range(0, resamples)
        .parallel()
        .forEach(
            r -> {
              int[] drawn =
                  new SplittableRandom(own * 31 + r).ints(documents, 0, documents).toArray();
              for (int m = 0; m < value.length; m++) {
                double sum = 0;
                double weights = 0;
                for (int d : drawn) {
                  sum += value[m][d];
                  weights += weight[m][d];
                }
                resampled[m][r] = Estimate.value(metric, sum, weights);
              }
            });
    return resampled;
  }

  /**
   * @param value the difference over all documents
   * @param first the first model's metric by resample
   * @param model another's
   */
  public static Difference difference(double value, double[] first, double[] model) {
    double[] differences = new double[first.length];
    int below = 0;
    int above = 0;
    for (int r = 0; r < first.length; r++) {
      differences[r] = model[r] - first[r];
      below += differences[r] <= 0 ? 1 : 0;
      above += differences[r] >= 0 ? 1 : 0;
    }
    Arrays.sort(differences);
    double p = 2.0 * (1 + Math.min(below, above)) / (1 + first.length);
    return new Difference(
        value, percentile(differences, 0.025), percentile(differences, 0.975), Math.min(1, p));
  }

  /** Between the two nearest values, linearly. */
  private static double percentile(double[] sorted, double share) {
    double at = share * (sorted.length - 1);
    int left = (int) at;
    int right = Math.min(left + 1, sorted.length - 1);
    return sorted[left] + (at - left) * (sorted[right] - sorted[left]);
  }
}
