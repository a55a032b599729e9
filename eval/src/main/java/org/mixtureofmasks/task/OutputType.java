package org.mixtureofmasks.task;

/** What a task asks of a model, by the harness's names. */
public enum OutputType {
  /** The log-probability of each choice. */
  MULTIPLE_CHOICE("multiple_choice"),
  /** The log-probability of one continuation, and whether it is the most likely one. */
  LOGLIKELIHOOD("loglikelihood"),
  /** The log-probability of a whole text. */
  LOGLIKELIHOOD_ROLLING("loglikelihood_rolling");

  private final String key;

  OutputType(String key) {
    this.key = key;
  }

  /** Its name in task files and results. */
  public String key() {
    return key;
  }
}
