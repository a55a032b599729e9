package org.mixtureofmasks.cli;

import java.nio.file.Path;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
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

  /** The folder, without which there are no tasks. */
  Path requiredData() {
    if (data == null) {
      throw UserError.usage(
          "--tasks needs --data DIR, the folder of the tasks' files ('mom evaluate --list' names"
              + " them)");
    }
    return data;
  }

  /** Examples before each question of a task without its own, if that was given. */
  OptionalInt shots() {
    if (shots == null) {
      return OptionalInt.empty();
    }
    if (shots < 0) {
      throw UserError.usage("--shots %d: it must be at least 0".formatted(shots));
    }
    return OptionalInt.of(shots);
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
