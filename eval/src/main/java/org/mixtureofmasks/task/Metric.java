package org.mixtureofmasks.task;

/** What is told of a task's answers, by the harness's names and definitions. */
public enum Metric {
  /** Share of questions whose right choice has the largest log-probability. */
  ACC("acc", true),
  /** Share of questions whose right choice has the largest log-probability per character. */
  ACC_NORM("acc_norm", true),
  /** exp of the mean loss per question (LAMBADA). */
  PERPLEXITY("perplexity", false),
  /** exp of the loss per word of the original page (WikiText). */
  WORD_PERPLEXITY("word_perplexity", false),
  /** exp of the loss per UTF-8 byte of the original page. */
  BYTE_PERPLEXITY("byte_perplexity", false),
  /** Loss per UTF-8 byte of the original page, bits. */
  BITS_PER_BYTE("bits_per_byte", false);

  private final String key;
  private final boolean higherIsBetter;

  Metric(String key, boolean higherIsBetter) {
    this.key = key;
    this.higherIsBetter = higherIsBetter;
  }

  /** Its name in results files. */
  public String key() {
    return key;
  }

  /** Whether more is better. */
  public boolean higherIsBetter() {
    return higherIsBetter;
  }
}
