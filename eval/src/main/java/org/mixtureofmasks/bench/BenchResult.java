package org.mixtureofmasks.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.format.Shares;

/**
 * One model's speed beside the bandwidth of the same run. Lists have one entry for each repetition,
 * in order.
 *
 * @param promptTokensPerSecond of the prompt's pass
 * @param decodeTokensPerSecond of the tokens read one by one
 * @param streamGigabytesPerSecond read-only, 10^9 bytes a second, all threads
 * @param streamBytes size of the buffer of that stream: the weights that are read
 * @param streamLevel which memory that buffer lies in: DRAM, L3, L2, L1 or unknown
 * @param weightBytes weights in memory
 * @param bytesPerToken weights that decoding one token reads, by the experts really chosen
 * @param shares what a token needs of the dense FFN, every expert equally likely
 * @param measured the same with the experts that were really chosen
 */
public record BenchResult(
    List<Double> promptTokensPerSecond,
    List<Double> decodeTokensPerSecond,
    List<Double> streamGigabytesPerSecond,
    long streamBytes,
    String streamLevel,
    long weightBytes,
    long bytesPerToken,
    Shares shares,
    Shares measured) {

  public BenchResult {
    promptTokensPerSecond = List.copyOf(promptTokensPerSecond);
    decodeTokensPerSecond = List.copyOf(decodeTokensPerSecond);
    streamGigabytesPerSecond = List.copyOf(streamGigabytesPerSecond);
  }

  /** A model and, if there is one, the reference that it was timed with. */
  public record Pair(BenchResult model, Optional<BenchResult> reference) {
    /** Median of the decode speeds' ratios to the reference, pair by pair. */
    public double decodeSpeedup() {
      return median(
          ratios(model.decodeTokensPerSecond, reference.orElseThrow().decodeTokensPerSecond));
    }

    /** Median of the prompt speeds' ratios to the reference, pair by pair. */
    public double promptSpeedup() {
      return median(
          ratios(model.promptTokensPerSecond, reference.orElseThrow().promptTokensPerSecond));
    }

    private static double[] ratios(List<Double> a, List<Double> b) {
      double[] ratios = new double[a.size()];
      Arrays.setAll(ratios, i -> a.get(i) / b.get(i));
      return ratios;
    }
  }

  public double medianPrompt() {
    return median(promptTokensPerSecond);
  }

  public double medianDecode() {
    return median(decodeTokensPerSecond);
  }

  public double medianStream() {
    return median(streamGigabytesPerSecond);
  }

  /**
   * Decode speed over the speed at which the active weights could be read and nothing else done: 1
   * is the limit of what memory allows.
   */
  public double decodeFractionOfLimit() {
    return medianDecode() * bytesPerToken / (medianStream() * 1e9);
  }

  static double median(List<Double> values) {
    return median(values.stream().mapToDouble(d -> d).toArray());
  }

  /** The middle value; the mean of the two middle ones of an even number. */
  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }
}
