package org.mixtureofmasks.verbs;

import org.mixtureofmasks.cli.TrainingNeeds;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.ledger.Ledger;
import org.mixtureofmasks.train.RunForecast;

/** What {@code mom sparsify} would take of a model with the keys' defaults. */
public final class DefaultNeeds implements TrainingNeeds {
  @Override
  public Ledger of(ModelConfig config, long storedBytes) {
    return RunForecast.withDefaults(config, storedBytes);
  }
}
