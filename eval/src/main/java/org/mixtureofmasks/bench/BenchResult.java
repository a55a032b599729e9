package org.mixtureofmasks.bench;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.mixtureofmasks.format.Shares;

/**
 * One model's speed beside the bandwidth of the same run. Lists have one entry for each repetition,
 * in order.
 *
 * @param promptTokensPerSecond of the prompt's pass
 * @param decodeTokensPerSecond of the tokens read one by one
 * @param streams read-only, the best way to read in each turn
 * @param streamBytes size of the buffer of that stream: the weights that are read
 * @param streamLevel which memory that buffer lies in: DRAM, L3, L2, L1 or unknown
 * @param weightBytes weights in memory
 * @param bytesPerToken weights that decoding one token reads, by the experts really chosen
 * @param shares what a token needs of the dense FFN, every expert equally likely
 * @param measured the same with the experts that were really chosen
 * @param sparse whether the model chooses experts
 * @param batches of texts that were decoded together, in the order of the settings
 * @param contexts that tokens were decoded behind, in the order of the settings
 */
public record BenchResult(
    List<Double> promptTokensPerSecond,
    List<Double> decodeTokensPerSecond,
    List<Stream.Reading> streams,
    long streamBytes,
    String streamLevel,
    long weightBytes,
    long bytesPerToken,
    Shares shares,
    Shares measured,
    boolean sparse,
    List<Batch> batches,
    List<Context> contexts) {

  public BenchResult {
    promptTokensPerSecond = List.copyOf(promptTokensPerSecond);
    decodeTokensPerSecond = List.copyOf(decodeTokensPerSecond);
    streams = List.copyOf(streams);
    batches = List.copyOf(batches);
    contexts = List.copyOf(contexts);
  }

  /**
   * Several texts, one token of each in a step.
   *
   * @param texts how many
   * @param decodeTokensPerSecond of all texts together, one entry for each repetition
   */
  public record Batch(int texts, List<Double> decodeTokensPerSecond) {
    public Batch {
      decodeTokensPerSecond = List.copyOf(decodeTokensPerSecond);
    }

    public double medianDecode() {
      return median(decodeTokensPerSecond);
    }
  }

  /**
   * A text of some length.
   *
   * @param tokens that it had when the first token was decoded
   * @param decodeTokensPerSecond one entry for each repetition
   */
  public record Context(int tokens, List<Double> decodeTokensPerSecond) {
    public Context {
      decodeTokensPerSecond = List.copyOf(decodeTokensPerSecond);
    }

    public double medianDecode() {
      return median(decodeTokensPerSecond);
    }
  }

  /**
   * A model and, if there is one, the reference that it was timed with.
   *
   * @param residentBytes what the process held when every model had read its text and no stream had
   *     been measured; empty where the system does not tell
   */
  public record Pair(
      BenchResult model, Optional<BenchResult> reference, OptionalLong residentBytes) {
    /** The ratio of the medians, which are what is told of the models. */
    public double decodeSpeedup() {
      return model.medianDecode() / reference.orElseThrow().medianDecode();
    }

    /** The same of the prompt's pass. */
    public double promptSpeedup() {
      return model.medianPrompt() / reference.orElseThrow().medianPrompt();
    }
  }

  /** The middle half of some values. */
  public record Quartiles(double low, double high) {
    /** The first and third quartile, between the nearest two values linearly. */
    public static Quartiles of(List<Double> values) {
      double[] sorted = values.stream().mapToDouble(d -> d).sorted().toArray();
      return new Quartiles(quantile(sorted, 0.25), quantile(sorted, 0.75));
    }

    private static double quantile(double[] sorted, double share) {
      double at = share * (sorted.length - 1);
      int left = (int) at;
      int right = Math.min(left + 1, sorted.length - 1);
      return sorted[left] + (at - left) * (sorted[right] - sorted[left]);
    }
  }

  public double medianPrompt() {
    return median(promptTokensPerSecond);
  }

  public double medianDecode() {
    return median(decodeTokensPerSecond);
  }

  /** The best reading of all turns: what the memory can do, whoever else used it meanwhile. */
  public Stream.Reading stream() {
    return streams.stream()
        .max(Comparator.comparingDouble(Stream.Reading::gigabytesPerSecond))
        .orElseThrow();
  }

  /** The best rate of each turn, 10^9 bytes a second. */
  public List<Double> streamRates() {
    return streams.stream().map(Stream.Reading::gigabytesPerSecond).toList();
  }

  /**
   * Decode speed over the speed at which the active weights could be read and nothing else done: 1
   * is the limit of what memory allows. Empty if it comes out above 1, which cannot be: then one of
   * the two was measured while something else had the machine.
   */
  public OptionalDouble decodeFractionOfLimit() {
    double fraction = decodeGigabytesPerSecond() / stream().gigabytesPerSecond();
    return fraction <= 1 ? OptionalDouble.of(fraction) : OptionalDouble.empty();
  }

  /** What decoding reads of the weights, 10^9 bytes a second. */
  public double decodeGigabytesPerSecond() {
    return medianDecode() * bytesPerToken * 1e-9;
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
