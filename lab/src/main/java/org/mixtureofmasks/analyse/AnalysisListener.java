package org.mixtureofmasks.analyse;

/** Hears how far an analysis is. */
public interface AnalysisListener {
  /**
   * A piece of work begins, and the last one has ended.
   *
   * @param task in a few words
   * @param unit what {@link #at} counts, such as "tokens"
   */
  void begin(String task, String unit);

  /** So much of the piece of work is done. */
  void at(long done, long total);

  /** Something that is left out, and why. */
  void note(String line);
}
