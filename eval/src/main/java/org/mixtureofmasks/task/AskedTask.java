package org.mixtureofmasks.task;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Sha256;

/**
 * A task with its documents, as it was asked for.
 *
 * @param task with its documents
 * @param groups whose means it counts in, the narrowest first: up to the one it was asked for by
 */
public record AskedTask(LoadedTask task, List<String> groups) {
  /** A name, its shots, its documents: {@code hellaswag:10@1000}. */
  private static final Pattern WORD = Pattern.compile("(.+?)(?::(\\d{1,4}))?(?:@(\\d{1,9}))?");

  public AskedTask {
    groups = List.copyOf(groups);
  }

  /**
   * Reads all tasks.
   *
   * @param names of tasks or groups, each with its own shots behind a colon and its own limit
   *     behind an @, or without
   * @param data folder of the tasks' files
   * @param shots of tasks without their own; empty: what each task says
   * @param limit documents of each task without its own at most; empty: all
   * @throws UserError if a task is unknown or named twice, or its files cannot be used
   */
  public static List<AskedTask> load(
      List<String> names, Path data, OptionalInt shots, OptionalInt limit) {
    List<AskedTask> tasks = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (String word : names) {
      Matcher parts = WORD.matcher(word.strip());
      if (!parts.matches()) {
        throw UserError.usage("a task's name is empty: '%s'".formatted(String.join(",", names)));
      }
      OptionalInt own = parts.group(2) == null ? shots : number(parts.group(2));
      OptionalInt most = parts.group(3) == null ? limit : number(parts.group(3));
      if (most.isPresent() && most.getAsInt() < 1) {
        throw UserError.usage(
            "'%s': behind the @ is the number of documents, at least 1".formatted(word));
      }
      for (Task task : Tasks.resolve(List.of(parts.group(1)))) {
        if (!seen.add(task.name())) {
          throw UserError.usage("the task %s is named twice".formatted(task.name()));
        }
        tasks.add(load(task, data, own, most.orElse(0)));
      }
    }
    return tasks;
  }

  private static OptionalInt number(String digits) {
    return OptionalInt.of(Integer.parseInt(digits));
  }

  private static AskedTask load(Task task, Path data, OptionalInt shots, int limit) {
    LoadedTask loaded = task.load(data, shots, limit);
    if (loaded.questions().isEmpty()) {
      throw new UserError("%s: has no documents for %s".formatted(loaded.file(), task.name()));
    }
    int widest = task.group().map(g -> task.groups().indexOf(g)).orElse(-1);
    return new AskedTask(loaded, task.groups().subList(0, widest + 1));
  }

  /** SHA-256 over all questions and what their answers are graded by, 64 hex digits. */
  public static String hash(List<AskedTask> tasks) {
    Sha256 hash = new Sha256();
    for (AskedTask asked : tasks) {
      LoadedTask task = asked.task;
      hash.add(task.name()).add(asked.groups.toString()).add(task.output().key());
      task.metrics().forEach(metric -> hash.add(metric.key()));
      for (Question question : task.questions()) {
        hash.add(question.id() + " " + question.gold());
        for (Question.Ask ask : question.asks()) {
          hash.add(ask.context()).add(ask.continuation());
        }
      }
    }
    return hash.hex();
  }
}
