package org.mixtureofmasks.verdict;

import java.util.List;

/**
 * One model's figures.
 *
 * @param quality on held-out sequences
 * @param bytes of weights in memory
 * @param bytesPerToken weights that decoding one token reads
 * @param decode tokens a second, one by one, median
 * @param prefill tokens a second of a prompt, median
 * @param continuations of {@link Verdict#prompts}, greedy
 */
public record Figures(
    Quality quality,
    long bytes,
    long bytesPerToken,
    double decode,
    double prefill,
    List<String> continuations) {
  public Figures {
    continuations = List.copyOf(continuations);
  }
}
