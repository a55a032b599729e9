package org.mixtureofmasks.analyse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Task;
import org.mixtureofmasks.task.Tasks;

/** MMLU's subjects as {@code mom evaluate} asks them: prompts to read, not to answer. */
final class MmluQuestions {
  private static final String NAME = "mmlu";
  private static final String PREFIX = "mmlu_";

  private final Path data;

  /**
   * @param folder a folder of data sets with mmlu/ in it, or mmlu/ itself
   */
  MmluQuestions(Path folder) {
    Path whole = folder.toAbsolutePath();
    boolean itself = !Files.isDirectory(folder.resolve(NAME)) && whole.endsWith(NAME);
    data = itself ? Objects.requireNonNull(whole.getParent()) : folder;
  }

  /**
   * A subject's questions.
   *
   * @param name abstract_algebra
   * @param group stem, humanities, social_sciences or other
   * @param file they are in
   * @param prompts in the file's order
   */
  record Subject(String name, String group, Path file, List<Prompt> prompts) {}

  /**
   * A prompt in two parts.
   *
   * @param before what all prompts of the subject begin with: its name and the examples
   * @param question with its choices, up to "Answer:"
   */
  record Prompt(String before, String question) {}

  /**
   * The subjects that have a test file.
   *
   * @param shots examples before each question
   * @throws UserError if there is none, or a file cannot be used
   */
  List<Subject> subjects(int shots) {
    List<Task> all = Tasks.resolve(List.of(NAME));
    List<Task> there = all.stream().filter(task -> task.file(data).isPresent()).toList();
    if (there.isEmpty()) {
      throw new UserError(
          "%s holds no subject of MMLU: put %s there"
              .formatted(data, all.getFirst().expectedFiles()));
    }
    return there.stream().map(task -> subject(task, shots)).toList();
  }

  private Subject subject(Task task, int shots) {
    LoadedTask loaded = task.load(data, OptionalInt.of(shots), 0);
    return new Subject(
        task.name().substring(PREFIX.length()),
        task.groups().getFirst().substring(PREFIX.length()),
        loaded.file(),
        loaded.questions().stream().map(q -> new Prompt(q.before(), q.text())).toList());
  }
}
