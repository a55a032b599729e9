package org.mixtureofmasks.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Task;
import org.mixtureofmasks.task.Tasks;

/** From what stands behind --tasks to tasks with their documents. */
final class TaskNames {
  /**
   * @param task with its documents
   * @param groups whose means it counts in, the narrowest first: up to the one it was asked for by
   */
  record Asked(LoadedTask task, List<String> groups) {}

  private static final Pattern WITH_SHOTS = Pattern.compile("(.+):(\\d{1,4})");

  private TaskNames() {}

  /**
   * Reads all tasks.
   *
   * @param names of tasks or groups, each with its own shots behind a colon or without
   * @param limit documents of each task at most; null: all
   */
  static List<Asked> load(List<String> names, TaskOptions options, @Nullable Integer limit) {
    Path data = options.data();
    if (data == null) {
      throw UserError.usage(
          "--tasks needs --data DIR, the folder of the tasks' files ('mom evaluate --list' names"
              + " them)");
    }
    List<Asked> tasks = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (String word : names) {
      Matcher matcher = WITH_SHOTS.matcher(word.strip());
      boolean own = matcher.matches();
      String name = own ? matcher.group(1) : word.strip();
      OptionalInt shots = own ? OptionalInt.of(Integer.parseInt(matcher.group(2))) : shots(options);
      for (Task task : Tasks.resolve(List.of(name))) {
        if (!seen.add(task.name())) {
          throw UserError.usage("--tasks names %s twice".formatted(task.name()));
        }
        tasks.add(load(task, data, shots, limit == null ? 0 : limit));
      }
    }
    return tasks;
  }

  private static OptionalInt shots(TaskOptions options) {
    Integer shots = options.shots();
    if (shots == null) {
      return OptionalInt.empty();
    }
    if (shots < 0) {
      throw UserError.usage("--shots %d: it must be at least 0".formatted(shots));
    }
    return OptionalInt.of(shots);
  }

  private static Asked load(Task task, Path data, OptionalInt shots, int limit) {
    LoadedTask loaded = task.load(data, shots, limit);
    if (loaded.questions().isEmpty()) {
      throw new UserError("%s: has no documents for %s".formatted(loaded.file(), task.name()));
    }
    int widest = task.group().map(g -> task.groups().indexOf(g)).orElse(-1);
    return new Asked(loaded, task.groups().subList(0, widest + 1));
  }
}
