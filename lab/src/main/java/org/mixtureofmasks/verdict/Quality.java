package org.mixtureofmasks.verdict;

import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.mixtureofmasks.format.Shares;

/**
 * How well a model predicts held-out sequences.
 *
 * @param losses sum of the loss over each sequence's scored tokens, nats
 * @param scored tokens of each sequence that are scored
 * @param shares what its tokens needed of the dense FFN, measured
 * @param layerShares active FFN share of each layer, measured; 1 for a dense model
 * @param seconds that it took
 */
public record Quality(
    double[] losses, int scored, Shares shares, List<Double> layerShares, double seconds) {
  public Quality {
    losses = losses.clone();
    layerShares = List.copyOf(layerShares);
  }

  @Override
  public double[] losses() {
    return losses.clone();
  }

  /** Scored tokens of all sequences. */
  public long tokens() {
    return (long) losses.length * scored;
  }

  /** exp of the mean loss per token. */
  public double perplexity() {
    return Math.exp(Arrays.stream(losses).sum() / tokens());
  }

  /**
   * How many times the perplexity of another model on the same sequences this one's is.
   *
   * @param dense of the same sequences
   */
  public double over(Quality dense) {
    return Math.exp(differences(dense).average().orElseThrow());
  }

  /** Standard error of {@link #over}, from the sequences' differences; 0 for a single sequence. */
  public double errorOver(Quality dense) {
    double[] d = differences(dense).toArray();
    double mean = Arrays.stream(d).average().orElseThrow();
    double squares = Arrays.stream(d).map(x -> (x - mean) * (x - mean)).sum();
    return d.length < 2 ? 0 : over(dense) * Math.sqrt(squares / (d.length - 1) / d.length);
  }

  /** Mean loss of a token, this model's less the other's, by sequence. */
  private DoubleStream differences(Quality dense) {
    if (dense.losses.length != losses.length || dense.scored != scored) {
      throw new IllegalArgumentException("other sequences");
    }
    return IntStream.range(0, losses.length)
        .mapToDouble(i -> (losses[i] - dense.losses[i]) / scored);
  }
}
