package org.mixtureofmasks.harness;

import java.util.List;
import java.util.OptionalDouble;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.score.Estimate;
import org.mixtureofmasks.score.PairedBootstrap;
import org.mixtureofmasks.score.Retention;
import org.mixtureofmasks.task.Metric;

/**
 * Several models' results on the same documents side by side.
 *
 * @param rows tasks, groups, and the average last
 * @param warnings what makes a comparison doubtful
 */
public record ResultsComparison(List<Row> rows, List<String> warnings) {
  /** The name of the last row. */
  public static final String AVERAGE = "average";

  /**
   * One metric of a task or group.
   *
   * @param name of the task or group
   * @param metric what is compared
   * @param documents that all models answered
   * @param values by model
   * @param differences of each model but the first to the first
   * @param chance what guessing gives; empty where nothing can be guessed, or it is not known
   * @param unit whether it is a widest group or a task in none: what counts once
   */
  public record Row(
      String name,
      Metric metric,
      int documents,
      List<Double> values,
      List<PairedBootstrap.Difference> differences,
      OptionalDouble chance,
      boolean unit) {

    /** How much of the first model's figure another one kept. */
    public double retention(int model) {
      return Retention.of(metric, values.get(model), values.getFirst());
    }

    /** How much it kept of what the first model has above chance, if it has any. */
    public OptionalDouble retentionAboveChance(int model) {
      return Estimate.isShare(metric) && chance.isPresent()
          ? Retention.aboveChance(values.get(model), values.getFirst(), chance.getAsDouble())
          : OptionalDouble.empty();
    }
  }

  /**
   * Compares the tasks that all results have.
   *
   * @param all at least two
   * @param resamples of the bootstrap
   * @param seed of the bootstrap
   * @throws UserError if the documents of a task differ, or no task is in all results
   */
  public static ResultsComparison of(List<SavedResults> all, int resamples, long seed) {
    return new Pairing(all, new PairedBootstrap(resamples, seed)).build();
  }
}
