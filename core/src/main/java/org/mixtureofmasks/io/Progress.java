package org.mixtureofmasks.io;

/**
 * Hears how far a long piece of work is; the one way in which any room says so. Work is a sequence
 * of phases, each of which may count something. Called from the thread that works, often: whoever
 * listens decides what is worth showing.
 *
 * <p>{@link #begin} and {@link #at} are called only where the work may be given up with nothing
 * half-written, so that an implementation may end it there by throwing {@link
 * java.util.concurrent.CancellationException}, which nobody on the way catches.
 */
@FunctionalInterface
public interface Progress {
  /** A listener that does nothing. */
  Progress SILENT = (_, _) -> {};

  /**
   * So much of the phase is done.
   *
   * @param done units of work done
   * @param total units of work in all
   */
  void at(long done, long total);

  /**
   * A phase begins, and the last one has ended.
   *
   * @param phase in a few words
   * @param unit what {@link #at} counts, such as "tokens"; empty when nothing is counted
   */
  default void begin(String phase, String unit) {}

  /**
   * What the phase has come to so far, in place of what it had before.
   *
   * @param text a few words: "loss 3.2"
   */
  default void detail(String text) {}

  /**
   * Something that a person should know and that stays.
   *
   * @param line as it is to be read
   */
  default void note(String line) {}
}
