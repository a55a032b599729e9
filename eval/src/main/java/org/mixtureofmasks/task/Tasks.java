package org.mixtureofmasks.task;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.mixtureofmasks.Nearest;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.IoReasons;

/** The tasks that come with the program, groups of them, and tasks from files. */
public final class Tasks {
  private static final List<String> FILES =
      List.of(
          "arc_challenge",
          "arc_easy",
          "boolq",
          "hellaswag",
          "hellaswag_text",
          "lambada_openai",
          "mmlu",
          "openbookqa",
          "piqa",
          "social_iqa",
          "wikitext",
          "winogrande");

  /** Other names that people know. */
  private static final Map<String, String> ALIASES = Map.of("siqa", "social_iqa");

  /**
   * A line of the list of tasks.
   *
   * @param name as it may be asked for
   * @param about what it asks
   * @param tasks how many tasks it stands for; 1 unless it is a group
   */
  public record Listed(String name, String about, int tasks) {}

  private static final Map<String, TaskDefinition> BUILT_IN = builtIn();

  private Tasks() {}

  private static Map<String, TaskDefinition> builtIn() {
    Map<String, TaskDefinition> tasks = new LinkedHashMap<>();
    for (String name : FILES) {
      String file = name + ".yaml";
      try (InputStream in = Tasks.class.getResourceAsStream(file)) {
        String yaml = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        TaskFile.read(yaml, file).forEach(task -> tasks.put(task.name(), task));
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
    return tasks;
  }

  /** Names of all tasks and groups that come with the program. */
  public static List<String> names() {
    Set<String> names = new LinkedHashSet<>();
    for (TaskDefinition task : BUILT_IN.values()) {
      names.addAll(task.groups().reversed());
      names.add(task.name());
    }
    return List.copyOf(names);
  }

  /** Tasks and groups with a line about each; a group's tasks are not listed one by one. */
  public static List<Listed> list() {
    List<Listed> lines = new ArrayList<>();
    Set<String> groups = new LinkedHashSet<>();
    for (TaskDefinition task : BUILT_IN.values()) {
      if (task.groups().isEmpty()) {
        lines.add(new Listed(task.name(), task.about(), 1));
        continue;
      }
      for (String group : task.groups().reversed()) {
        if (groups.add(group)) {
          lines.add(new Listed(group, task.about(), members(BUILT_IN.values(), group).size()));
        }
      }
    }
    return lines;
  }

  /**
   * The tasks that are meant, in the order in which they are asked for.
   *
   * @param wanted names of tasks and groups, or paths of task files (.yaml)
   * @throws UserError (wrong usage) if there is no such task, or two that are called the same
   */
  public static List<Task> resolve(List<String> wanted) {
    if (wanted.isEmpty()) {
      throw UserError.usage(
          "no task was named; there are %s".formatted(String.join(", ", known())));
    }
    Map<String, Task> tasks = new LinkedHashMap<>();
    Map<String, String> askedBy = new LinkedHashMap<>();
    for (String word : new LinkedHashSet<>(wanted)) {
      for (Task task : resolve(word)) {
        tasks.put(task.name(), task);
        String before = askedBy.put(task.name(), word);
        if (before != null) {
          throw UserError.usage(
              "the task %s is asked for twice: by %s and by %s"
                  .formatted(task.name(), before, word));
        }
      }
    }
    return List.copyOf(tasks.values());
  }

  private static List<Task> resolve(String word) {
    if (word.endsWith(".yaml") || word.endsWith(".yml")) {
      return fromFile(Path.of(word));
    }
    String name = ALIASES.getOrDefault(word, word);
    if (BUILT_IN.containsKey(name)) {
      return List.of(new Task(BUILT_IN.get(name), Optional.empty()));
    }
    List<TaskDefinition> members = members(BUILT_IN.values(), name);
    if (members.isEmpty()) {
      int colon = word.indexOf(':');
      if (colon > 0) {
        throw UserError.usage(
            "'%s': behind the colon is the number of shots, a whole number, 0 or more"
                .formatted(word));
      }
      List<String> all = new ArrayList<>(names());
      all.addAll(ALIASES.keySet());
      throw UserError.usage(
          ("unknown task '%s'%s; there are %s, their members such as mmlu_anatomy, and paths"
                  + " of .yaml files")
              .formatted(word, Nearest.hint(word, all), String.join(", ", known())));
    }
    return members.stream().map(task -> new Task(task, Optional.of(name))).toList();
  }

  private static List<Task> fromFile(Path file) {
    String yaml;
    try {
      yaml = Files.readString(file);
    } catch (IOException e) {
      throw UserError.usage(
          "%s: cannot be read as a task: %s; give the path of a .yaml file"
              .formatted(file, IoReasons.of(e)));
    }
    return TaskFile.read(yaml, file.toString()).stream()
        .map(
            task ->
                new Task(
                    task,
                    task.groups().isEmpty()
                        ? Optional.empty()
                        : Optional.of(task.groups().getLast())))
        .toList();
  }

  private static List<TaskDefinition> members(Iterable<TaskDefinition> tasks, String group) {
    List<TaskDefinition> members = new ArrayList<>();
    for (TaskDefinition task : tasks) {
      if (task.groups().contains(group)) {
        members.add(task);
      }
    }
    return members;
  }

  private static List<String> known() {
    return list().stream().map(Listed::name).toList();
  }
}
