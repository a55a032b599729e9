package org.mixtureofmasks.score;

/** Hears how far an evaluation is. */
@FunctionalInterface
public interface Progress {
  /**
   * @param done units of work done
   * @param total units of work in all
   */
  void at(long done, long total);
}
