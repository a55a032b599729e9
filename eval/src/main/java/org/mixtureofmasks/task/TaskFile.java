package org.mixtureofmasks.task;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mixtureofmasks.UserError;

/**
 * Reads a task's YAML strictly: every key must be declared in {@link TaskKeys}. Keys of the harness
 * keep its names; files, forms and subjects are ours.
 */
final class TaskFile {
  private static final int MOST_EXAMPLES = 1000;

  private final TaskKeys keys;

  private TaskFile(TaskKeys keys) {
    this.keys = keys;
  }

  /**
   * The tasks of a file: one, or one for each of its subjects.
   *
   * @param name what errors call the file
   * @throws UserError (wrong usage) naming the line that cannot be understood
   */
  static List<TaskDefinition> read(String yaml, String name) {
    TaskFile file = new TaskFile(TaskKeys.read(yaml, name));
    Map<String, List<String>> subjects = file.keys.lists("subjects");
    List<String> group = file.keys.text("group").map(List::of).orElse(List.of());
    if (subjects.isEmpty()) {
      return List.of(file.definition("", group));
    }
    List<TaskDefinition> tasks = new ArrayList<>();
    subjects.forEach(
        (subgroup, members) -> {
          List<String> groups = new ArrayList<>(List.of(subgroup));
          groups.addAll(group);
          members.forEach(subject -> tasks.add(file.definition(subject, groups)));
        });
    return tasks;
  }

  private TaskDefinition definition(String subject, List<String> groups) {
    OutputType output =
        keys.choice("output_type", Arrays.asList(OutputType.values()), OutputType::key)
            .orElse(OutputType.MULTIPLE_CHOICE);
    List<Metric> metrics =
        keys.choices("metrics", Arrays.asList(Metric.values()), Metric::key, fitting(output));
    List<DocumentTemplate> choices = keys.templates("doc_to_choice");
    boolean multipleInputs = keys.flag("multiple_inputs");
    if (choices.isEmpty() != (output != OutputType.MULTIPLE_CHOICE)) {
      throw keys.error(
          choices.isEmpty() ? "output_type" : "doc_to_choice",
          "multiple_choice tasks, and only they, have doc_to_choice");
    }
    if (multipleInputs && choices.isEmpty()) {
      throw keys.error("multiple_inputs", "only multiple_choice tasks can have several inputs");
    }
    Prompts prompts =
        new Prompts(
            keys.template("description", text -> withSubject(text, subject))
                .orElse(DocumentTemplate.literal("")),
            keys.template("doc_to_text", text -> text)
                .orElseThrow(() -> keys.missing("doc_to_text")),
            choices,
            keys.template("doc_to_target", text -> text)
                .orElseThrow(() -> keys.missing("doc_to_target")),
            multipleInputs,
            keys.text("target_delimiter").orElse(" "),
            keys.text("fewshot_delimiter").orElse("\n\n"));
    TaskDefinition.Splits splits =
        new TaskDefinition.Splits(
            files("training_files", subject),
            files("validation_files", subject),
            files("test_files", subject),
            files("fewshot_files", subject));
    if (splits.validation().isEmpty() && splits.test().isEmpty()) {
      throw keys.missing("validation_files");
    }
    return new TaskDefinition(
        withSubject(keys.text("task").orElseThrow(() -> keys.missing("task")), subject),
        groups,
        keys.text("about").orElse(""),
        keys.text("source").orElse("where the task's author got them"),
        keys.text("version").orElse("0"),
        output,
        metrics,
        splits,
        keys.choice("form", Arrays.asList(Form.values()), Form::key).orElse(Form.PLAIN),
        keys.list("columns"),
        prompts,
        keys.choice("sampler", List.of("default", "first_n"), s -> s)
            .filter("first_n"::equals)
            .isPresent(),
        keys.whole("num_fewshot", MOST_EXAMPLES).orElse(0));
  }

  private Optional<SplitFiles> files(String key, String subject) {
    List<SplitFiles.Place> places =
        keys.places(key).stream()
            .map(
                place ->
                    new SplitFiles.Place(
                        withSubject(place.pattern(), subject),
                        place.labels().map(labels -> withSubject(labels, subject))))
            .toList();
    return places.isEmpty() ? Optional.empty() : Optional.of(new SplitFiles(places));
  }

  private static List<Metric> fitting(OutputType output) {
    return switch (output) {
      case MULTIPLE_CHOICE -> List.of(Metric.ACC, Metric.ACC_NORM);
      case LOGLIKELIHOOD -> List.of(Metric.PERPLEXITY, Metric.ACC);
      case LOGLIKELIHOOD_ROLLING ->
          List.of(Metric.WORD_PERPLEXITY, Metric.BYTE_PERPLEXITY, Metric.BITS_PER_BYTE);
    };
  }

  /** {subject} is the word itself, {title} the same with spaces. */
  private static String withSubject(String text, String subject) {
    return subject.isEmpty()
        ? text
        : text.replace("{subject}", subject).replace("{title}", subject.replace('_', ' '));
  }
}
