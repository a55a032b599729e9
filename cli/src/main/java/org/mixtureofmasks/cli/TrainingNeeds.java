package org.mixtureofmasks.cli;

import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.ledger.Ledger;

/** What making a model sparse would take; found by ServiceLoader where the lab is installed. */
public interface TrainingNeeds {
  /**
   * With a recipe's defaults, from shapes alone.
   *
   * @param config of a dense model
   * @param storedBytes of its files
   * @return phases whose times are NaN: those are measured by a dry run
   */
  Ledger of(ModelConfig config, long storedBytes);
}
