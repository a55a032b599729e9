package org.mixtureofmasks.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code mom evaluate --tasks} needs beside the tasks; a picocli mixin. */
final class TaskOptions {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "With --tasks and --list: the folder that the tasks' files lie in.")
  private @Nullable Path data;

  @Option(
      names = "--shots",
      paramLabel = "N",
      description =
          "With --tasks: examples before each question, for all tasks without a :N of their own."
              + " Default: each task's own, mostly 0.")
  private @Nullable Integer shots;

  @Option(
      names = "--fresh",
      description = "With --tasks: repeat tasks that --out holds finished; else they are kept.")
  private boolean fresh;

  /** The folder, or null. */
  @Nullable Path data() {
    return data;
  }

  /** What was given, or null. */
  @Nullable Integer shots() {
    return shots;
  }

  /** Whether finished tasks are repeated. */
  boolean fresh() {
    return fresh;
  }

  /** Whether any of these was given. */
  boolean given() {
    return data != null || shots != null || fresh;
  }
}
