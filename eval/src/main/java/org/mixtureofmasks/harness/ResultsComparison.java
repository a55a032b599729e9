package org.mixtureofmasks.harness;

import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.score.PairedBootstrap;
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
   */
  public record Row(
      String name,
      Metric metric,
      int documents,
      List<Double> values,
      List<PairedBootstrap.Difference> differences) {}

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
