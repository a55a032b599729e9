package org.mixtureofmasks.score;

import java.util.List;
import java.util.OptionalDouble;
import org.mixtureofmasks.task.Metric;

/** How much of a dense model's results another one kept. */
public final class Retention {
  /**
   * Mean of the leading metrics that are shares, a group counted once.
   *
   * @param names what it was taken over
   * @param value the mean
   * @param chance the mean of guessing
   */
  public record Average(List<String> names, double value, double chance) {}

  private Retention() {}

  /** The average of some tasks and groups; its names are empty if none has a share that leads. */
  public static Average average(List<Summary> units) {
    List<Summary> shares = units.stream().filter(u -> Estimate.isShare(u.leading())).toList();
    return new Average(
        shares.stream().map(Summary::name).toList(),
        shares.stream().mapToDouble(Summary::value).average().orElse(Double.NaN),
        shares.stream().mapToDouble(Summary::chance).average().orElse(Double.NaN));
  }

  /** value / dense, or dense / value where less is better: 1 when nothing was lost. */
  public static double of(Metric metric, double value, double dense) {
    return metric.higherIsBetter() ? value / dense : dense / value;
  }

  /**
   * (value - chance) / (dense - chance): what is left of what the dense model knew beyond guessing.
   * Empty where the dense model is no better than guessing.
   */
  public static OptionalDouble aboveChance(double value, double dense, double chance) {
    return dense > chance
        ? OptionalDouble.of((value - chance) / (dense - chance))
        : OptionalDouble.empty();
  }
}
