package org.mixtureofmasks.harness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.IoReasons;
import org.mixtureofmasks.io.StrictJson;
import org.mixtureofmasks.task.OutputType;

/**
 * A results file with the samples beside it, ours or the harness's own.
 *
 * @param file the results file
 * @param model the model's name in it
 * @param tasks by name, in the file's order
 * @param groups names of the tasks of each group, subgroups' tasks included
 */
public record SavedResults(
    Path file, String model, Map<String, SavedTask> tasks, Map<String, List<String>> groups) {
  private static final long SIZE_LIMIT = 64L << 20;
  private static final String PREFIX = "results_";

  /**
   * Reads them.
   *
   * @param path a results_*.json, or a folder, whose newest one counts
   * @throws UserError if there are no results, or a task's samples are missing
   */
  public static SavedResults read(Path path) {
    Path file = Files.isDirectory(path) ? newest(path) : path;
    ObjectNode json = StrictJson.readObject(file, SIZE_LIMIT);
    if (!json.path("results").isObject() || !json.path("n-samples").isObject()) {
      throw new UserError(
          file + ": holds no results of tasks (it has no 'results' and 'n-samples')");
    }
    Map<String, SavedTask> tasks = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> task : json.get("n-samples").properties()) {
      String name = task.getKey();
      JsonNode config = json.path("configs").path(name);
      List<String> order = config.path("metric_list").findValuesAsText("metric");
      boolean choices =
          config.path("output_type").asText().equals(OutputType.MULTIPLE_CHOICE.key());
      tasks.put(name, SavedTask.read(samples(file, name), name, order, choices));
    }
    Map<String, List<String>> groups = new LinkedHashMap<>();
    json.path("group_subtasks")
        .properties()
        .forEach(
            group ->
                groups.put(
                    group.getKey(),
                    leaves(json.get("group_subtasks"), group.getKey(), tasks).toList()));
    groups.values().removeIf(List::isEmpty);
    return new SavedResults(file, json.path("model_name").asText("?"), tasks, groups);
  }

  /**
   * A task that is among them.
   *
   * @throws IllegalArgumentException if it is not
   */
  SavedTask task(String name) {
    SavedTask task = tasks.get(name);
    if (task == null) {
      throw new IllegalArgumentException("%s has no task %s".formatted(file, name));
    }
    return task;
  }

  private static Path newest(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(f -> name(f).startsWith(PREFIX) && name(f).endsWith(".json"))
          .max(Comparator.comparing(SavedResults::name)) // the names end in the time
          .orElseThrow(
              () ->
                  new UserError(
                      folder
                          + ": holds no results_*.json: name a folder that 'mom evaluate --tasks ..."
                          + " --out' wrote, or a results file"));
    } catch (IOException e) {
      throw new UserError(folder + ": cannot be listed: " + IoReasons.of(e), e);
    }
  }

  /** Where the samples of a task are: beside the results, under the same time. */
  private static Path samples(Path results, String task) {
    String name = name(results);
    if (!name.startsWith(PREFIX) || !name.endsWith(".json")) {
      throw new UserError(
          results
              + ": its name must be results_TIME.json, so that the samples beside it are found");
    }
    String time = name.substring(PREFIX.length(), name.length() - ".json".length());
    Path file = results.resolveSibling("samples_" + task + "_" + time + ".jsonl");
    if (!Files.exists(file)) {
      throw new UserError(
          file
              + ": no such file, and without samples there is nothing to pair (the harness writes"
              + " them with --log_samples)");
    }
    return file;
  }

  private static Stream<String> leaves(JsonNode groups, String name, Map<String, ?> tasks) {
    if (tasks.containsKey(name)) {
      return Stream.of(name);
    }
    Stream.Builder<String> members = Stream.builder();
    groups.path(name).forEach(member -> members.add(member.asText()));
    return members.build().flatMap(member -> leaves(groups, member, tasks));
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }
}
