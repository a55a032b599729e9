package org.mixtureofmasks.score;

import java.util.List;
import java.util.stream.IntStream;
import org.mixtureofmasks.task.Metric;
import org.mixtureofmasks.task.PythonRandom;

/**
 * The harness's bootstrap for metrics without a formula for their error, to the same draws: 100
 * pieces of 1000 resamples, piece i from CPython's {@code Random(i).choices}.
 */
public final class Bootstrap {
  /** Resamples, the harness's default. */
  public static final int ITERATIONS = 100_000;

  private static final int PIECE = 1000;

  private Bootstrap() {}

  /** Sample deviation of the perplexity over resamples of the documents. */
  static double standardErrorOfPerplexity(List<Observation> observations) {
    double[] values = observations.stream().mapToDouble(Observation::value).toArray();
    double[] perplexities = new double[ITERATIONS];
    // Pieces have generators of their own, so their order does not matter.
    IntStream.range(0, ITERATIONS / PIECE)
        .parallel()
        .forEach(
            piece -> {
              PythonRandom random = new PythonRandom(piece);
              for (int r = 0; r < PIECE; r++) {
                perplexities[piece * PIECE + r] = perplexity(values, random);
              }
            });
    return Estimate.sampleDeviation(perplexities);
  }

  private static double perplexity(double[] values, PythonRandom random) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += values[(int) (random.nextDouble() * values.length)];
    }
    return Estimate.value(Metric.PERPLEXITY, sum, values.length);
  }
}
