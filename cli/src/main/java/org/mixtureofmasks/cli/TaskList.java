package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.task.Metric;
import org.mixtureofmasks.task.Task;
import org.mixtureofmasks.task.Tasks;

/** {@code mom evaluate --list}: the tasks, and whether their files are there. */
final class TaskList {
  private TaskList() {}

  /** Prints it. */
  static void print(TaskOptions options, OutputOptions output) {
    if (options.shots().isPresent() || options.fresh()) {
      throw UserError.usage("--list takes --data and --json only");
    }
    Path data = options.data();
    if (data != null && !Files.isDirectory(data)) {
      throw UserError.usage("--data %s: no such folder".formatted(data));
    }
    Table table = new Table().row("task", "metrics", "shots", "below --data");
    List<String> notes = new ArrayList<>();
    ObjectNode json = Json.object();
    ArrayNode tasks = json.putArray("tasks");
    for (Tasks.Listed listed : Tasks.list()) {
      List<Task> members = Tasks.resolve(List.of(listed.name()));
      Task first = members.getFirst();
      int found =
          data == null ? 0 : (int) members.stream().filter(t -> t.file(data).isPresent()).count();
      String metrics = first.metrics().stream().map(Metric::key).collect(Collectors.joining(", "));
      table.row(
          listed.name(),
          metrics,
          String.valueOf(first.fewShot()),
          data == null ? "?" : there(found, members.size()));
      notes.add(listed.about());
      notes.add(first.expectedFiles());
      ObjectNode task = tasks.addObject();
      task.put("task", listed.name());
      first.metrics().forEach(m -> task.withArray("metrics").add(m.key()));
      task.put("shots", first.fewShot());
      task.put("tasks", members.size());
      task.put("found", data == null ? null : found);
      task.put("file", first.expectedFiles());
      task.put("about", listed.about());
    }
    output.print(json, () -> text(table, notes));
  }

  private static String there(int found, int tasks) {
    return tasks > 1 ? found + " of " + tasks : found == 1 ? "found" : "missing";
  }

  /** Below each row of the table, after its head, two lines that are too long for columns. */
  private static String text(Table table, List<String> notes) {
    List<String> rows = table.toString().lines().toList();
    List<String> lines = new ArrayList<>(List.of(rows.getFirst()));
    for (int task = 0; task < rows.size() - 1; task++) {
      lines.add(rows.get(task + 1));
      lines.add("    " + notes.get(2 * task));
      lines.add("    " + notes.get(2 * task + 1));
    }
    return String.join(System.lineSeparator(), lines);
  }
}
