package org.mixtureofmasks.train;

import java.util.Optional;
import org.mixtureofmasks.data.Sampler;

/** Whether there is enough to train on. */
final class Repeats {
  /**
   * Rows seen up to four times are worth about as much as new ones (Muennighoff et al., Scaling
   * Data-Constrained Language Models, NeurIPS 2023); soon after, a model learns them by heart.
   */
  private static final double WORTH = 4;

  private Repeats() {}

  /** What to say when a run reads its rows too often. */
  static Optional<String> warning(Sampler sampler, Settings settings) {
    long rows = (long) settings.steps() * settings.stepRows();
    double repeats = sampler.repeats(rows);
    return repeats <= WORTH
        ? Optional.empty()
        : Optional.of(
            "data.train is short: %s steps of %s rows read each row of it about %.0f times, and what is read more than %.0f times is learnt by heart: give more text, or fewer steps"
                .formatted(settings.steps(), settings.stepRows(), repeats, WORTH));
  }
}
