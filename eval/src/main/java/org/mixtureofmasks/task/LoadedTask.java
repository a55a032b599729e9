package org.mixtureofmasks.task;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A task with its documents read and its prompts made.
 *
 * @param name such as boolq, mmlu_anatomy
 * @param group such as mmlu, whose mean over its tasks' documents is told too
 * @param version of the harness's template that it follows
 * @param output what is asked
 * @param metrics what is told, the leading one first
 * @param fewShot examples before each question
 * @param file the scored file
 * @param documents documents in the file; {@code questions} are its first ones when limited
 * @param questions what is asked
 */
public record LoadedTask(
    String name,
    Optional<String> group,
    String version,
    OutputType output,
    List<Metric> metrics,
    int fewShot,
    Path file,
    int documents,
    List<Question> questions) {

  public LoadedTask {
    metrics = List.copyOf(metrics);
    questions = List.copyOf(questions);
  }
}
