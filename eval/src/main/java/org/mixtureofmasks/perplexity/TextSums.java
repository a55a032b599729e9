package org.mixtureofmasks.perplexity;

import org.mixtureofmasks.format.Shares;

/**
 * What the windows or pages read so far come to.
 *
 * @param done windows or pages
 * @param negativeLogLikelihood sum over the scored tokens, nats
 * @param tokens scored
 * @param seconds of the passes and the scoring
 * @param read tokens that the model read
 * @param shares what these needed of the dense FFN; not known before the first
 */
record TextSums(
    int done, double negativeLogLikelihood, long tokens, double seconds, long read, Shares shares) {
  static final TextSums NONE = new TextSums(0, 0, 0, 0, 0, Shares.UNKNOWN);

  /** The shares of these tokens and of more of them. */
  Shares with(long more, Shares theirs) {
    if (read == 0 || more == 0) {
      return read == 0 ? theirs : shares;
    }
    double mine = (double) read / (read + more);
    return new Shares(
        mine * shares.activeFfn() + (1 - mine) * theirs.activeFfn(),
        mine * shares.allIn() + (1 - mine) * theirs.allIn());
  }
}
