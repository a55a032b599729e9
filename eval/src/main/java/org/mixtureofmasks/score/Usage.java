package org.mixtureofmasks.score;

import java.util.Optional;
import org.mixtureofmasks.format.Shares;

/**
 * What a model has read since it was made, as sums that can be subtracted.
 *
 * @param tokens that it read; 0 where it does not say
 * @param activeFfn sum over them of the share of FFN weights that they used
 * @param allIn sum over them of {@link Shares#allIn}
 */
public record Usage(long tokens, double activeFfn, double allIn) {
  /** Of a model that does not say. */
  public static final Usage UNKNOWN = new Usage(0, 0, 0);

  static Usage of(long tokens, Shares mean) {
    return new Usage(tokens, tokens * mean.activeFfn(), tokens * mean.allIn());
  }

  /** What came after an earlier look. */
  public Usage minus(Usage before) {
    return new Usage(tokens - before.tokens, activeFfn - before.activeFfn, allIn - before.allIn);
  }

  /** The mean over the tokens; empty without any. */
  public Optional<Shares> shares() {
    return tokens == 0
        ? Optional.empty()
        : Optional.of(new Shares(activeFfn / tokens, allIn / tokens));
  }
}
