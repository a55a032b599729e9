package org.mixtureofmasks.harness;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.score.Evaluation;
import org.mixtureofmasks.score.TaskResult;

/**
 * A folder of results under the harness's names: {@code results_TIME.json} and {@code
 * samples_TASK_TIME.jsonl} for each task.
 */
public final class ResultsFolder {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss.SSSSSS");

  private ResultsFolder() {}

  /**
   * Writes one evaluation, the results last: where they are, the samples are complete.
   *
   * @param results what the results file holds
   * @return the results file
   */
  public static Path write(Path folder, Evaluation evaluation, ObjectNode results) {
    String time = time(evaluation.started());
    for (TaskResult task : evaluation.tasks()) {
      AtomicFiles.write(
          folder.resolve("samples_" + task.task().name() + "_" + time + ".jsonl"),
          new Samples(task)::writeTo);
    }
    Path file = folder.resolve("results_" + time + ".json");
    AtomicFiles.writeString(file, Json.pretty(results) + "\n");
    return file;
  }

  /** The time as the harness has it in names of files. */
  static String time(LocalDateTime time) {
    return TIME.format(time);
  }
}
