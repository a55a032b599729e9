package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.task.Metric;
import org.mixtureofmasks.task.Task;
import org.mixtureofmasks.task.Tasks;

/** {@code mom evaluate --list}: the tasks, and whether their files are there. */
final class TaskList {
  private TaskList() {}

  /** Prints it. */
  static void print(TaskOptions options, OutputOptions output) {
    if (options.shots() != null || options.fresh()) {
      throw UserError.usage("--list takes --data and --json only");
    }
    Path data = options.data();
    Table table = new Table().row("task", "metric", "shots", "below --data", "file", "what");
    ObjectNode json = Terminal.object();
    ArrayNode tasks = json.putArray("tasks");
    for (Tasks.Listed listed : Tasks.list()) {
      List<Task> members = Tasks.resolve(List.of(listed.name()));
      Task first = members.getFirst();
      int found =
          data == null ? 0 : (int) members.stream().filter(t -> t.file(data).isPresent()).count();
      String metrics =
          first.metrics().stream().map(Metric::key).collect(Collectors.joining(", "));
      table.row(
          listed.name(),
          metrics,
          String.valueOf(first.fewShot()),
          data == null ? "?" : there(found, members.size()),
          first.expectedFiles(),
          listed.about());
      ObjectNode task = tasks.addObject();
      task.put("task", listed.name());
      first.metrics().forEach(m -> task.withArray("metrics").add(m.key()));
      task.put("shots", first.fewShot());
      task.put("tasks", members.size());
      task.put("found", data == null ? null : found);
      task.put("file", first.expectedFiles());
      task.put("about", listed.about());
    }
    output.print(json, table::toString);
  }

  private static String there(int found, int tasks) {
    return tasks > 1 ? found + " of " + tasks : found == 1 ? "found" : "missing";
  }
}
