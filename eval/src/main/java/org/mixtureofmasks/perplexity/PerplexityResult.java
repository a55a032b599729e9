package org.mixtureofmasks.perplexity;

import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.Shares;

/**
 * How well a model predicts a text.
 *
 * @param rule what was read and scored, and what the first token was conditioned on, in words
 * @param negativeLogLikelihood sum over the scored tokens, nats
 * @param tokens scored tokens
 * @param seconds wall time of the model's passes and the scoring
 * @param shares what a token needed of the dense FFN, measured from the experts that were really
 *     chosen
 * @param parts the same for each file, when there are several
 * @param wikiText what the word-level figures need, for WikiText only
 */
public record PerplexityResult(
    String rule,
    double negativeLogLikelihood,
    long tokens,
    double seconds,
    Shares shares,
    List<Part> parts,
    Optional<Counts> wikiText) {

  /** One file's share of a result. */
  public record Part(String file, double negativeLogLikelihood, long tokens) {
    /** Mean loss per token, nats. */
    public double loss() {
      return negativeLogLikelihood / tokens;
    }
  }

  /** Pages that were scored, their words and UTF-8 bytes before detokenising. */
  public record Counts(int pages, long words, long bytes) {}

  public PerplexityResult {
    parts = List.copyOf(parts);
    if (!Double.isFinite(negativeLogLikelihood)) {
      throw new UserError(
          "the model's log-probabilities are not finite numbers: its weights are damaged or"
              + " overflow");
    }
  }

  /** Mean loss per token, nats. */
  public double loss() {
    return negativeLogLikelihood / tokens;
  }

  /** exp of the mean loss per token. */
  public double perplexity() {
    return Math.exp(loss());
  }

  /** Scored tokens a second. */
  public double tokensPerSecond() {
    return tokens / seconds;
  }

  /** exp of the mean loss per word of the original pages. */
  public double wordPerplexity() {
    return Math.exp(negativeLogLikelihood / wikiText.orElseThrow().words());
  }

  /** exp of the mean loss per byte of the original pages. */
  public double bytePerplexity() {
    return Math.exp(negativeLogLikelihood / wikiText.orElseThrow().bytes());
  }

  /** Mean loss per byte of the original pages, bits. */
  public double bitsPerByte() {
    return negativeLogLikelihood / wikiText.orElseThrow().bytes() / Math.log(2);
  }
}
