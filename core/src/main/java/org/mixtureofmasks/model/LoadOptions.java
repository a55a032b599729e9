package org.mixtureofmasks.model;

import org.mixtureofmasks.UserError;

/**
 * How a model is loaded.
 *
 * @param weights how weights are kept
 * @param threads threads that share the work, the caller's included; at least 1
 * @param memory where weights lie
 * @param cache how the keys and values of texts are kept
 */
public record LoadOptions(WeightType weights, int threads, Memory memory, CacheType cache) {
  /** Where weights lie. */
  public enum Memory {
    /**
     * In huge pages where the system has them and the files are no more than a quarter of its
     * memory: mapped for the first pass, moved while the next ones run. Else mapped.
     */
    AUTO,
    /** In the mapped files where their type is wanted as it is: shared by all processes. */
    MAPPED,
    /** Copied into huge pages: faster to read, one copy a process. */
    HUGE_PAGES
  }

  /**
   * Options with keys and values as they were computed, {@link CacheType#F32}.
   *
   * @param weights how weights are kept
   * @param threads threads that share the work, the caller's included; at least 1
   * @param memory where weights lie
   * @throws UserError if there are fewer threads
   */
  public LoadOptions(WeightType weights, int threads, Memory memory) {
    this(weights, threads, memory, CacheType.F32);
  }

  /**
   * Options with weights wherever they are read fastest, {@link Memory#AUTO}.
   *
   * @param weights how weights are kept
   * @param threads threads that share the work, the caller's included; at least 1
   * @throws UserError if there are fewer threads
   */
  public LoadOptions(WeightType weights, int threads) {
    this(weights, threads, Memory.AUTO);
  }

  /**
   * Checks the number of threads.
   *
   * @throws UserError if it is below 1
   */
  public LoadOptions {
    if (threads < 1) {
      throw UserError.usage("threads %s: at least 1 is needed".formatted(threads));
    }
  }

  /** {@return weights as stored, a thread for each processor} */
  public static LoadOptions defaults() {
    return new LoadOptions(WeightType.AUTO, Runtime.getRuntime().availableProcessors());
  }
}
