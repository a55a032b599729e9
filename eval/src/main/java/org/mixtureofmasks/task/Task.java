package org.mixtureofmasks.task;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.mixtureofmasks.UserError;

/** A task that was asked for: a set of documents, and how they become questions. */
public final class Task {
  private final TaskDefinition definition;
  private final Optional<String> group;

  /**
   * @param group the group by whose name it was asked for
   */
  Task(TaskDefinition definition, Optional<String> group) {
    this.definition = definition;
    this.group = group;
  }

  /** Such as boolq, mmlu_anatomy. */
  public String name() {
    return definition.name();
  }

  /** The group by whose name it was asked for: mmlu or mmlu_stem. */
  public Optional<String> group() {
    return group;
  }

  /** All groups it counts for, the narrowest first: mmlu_stem, mmlu. */
  public List<String> groups() {
    return definition.groups();
  }

  /** One line that says what it asks. */
  public String about() {
    return definition.about();
  }

  /** Where its data comes from. */
  public String source() {
    return definition.source();
  }

  /** The files that are looked for below the data folder, in words. */
  public String expectedFiles() {
    return definition.splits().scored().toString();
  }

  /** What is told of the answers, the leading one first. */
  public List<Metric> metrics() {
    return definition.metrics();
  }

  /** Examples before each question unless asked otherwise. */
  public int fewShot() {
    return definition.fewShot();
  }

  /**
   * The scored file below a data folder, if it is there.
   *
   * @throws UserError if it lacks the labels that belong to it
   */
  public Optional<Path> file(Path data) {
    return definition.splits().scored().find(data).map(found -> found.files().getFirst());
  }

  TaskDefinition definition() {
    return definition;
  }

  /**
   * Reads the documents and makes the prompts.
   *
   * @param data folder below which the files lie
   * @param fewShot examples before each question; empty: what the task says
   * @param limit the first documents to ask about; 0: all
   * @throws UserError if files are missing, or naming file and line of a row that cannot be used
   */
  public LoadedTask load(Path data, OptionalInt fewShot, int limit) {
    int count = fewShot.orElse(definition.fewShot());
    requireSane(data, count, limit);
    SplitFiles scoredFiles = definition.splits().scored();
    SplitFiles.Found found = find(data, scoredFiles, "documents");
    List<Row> scored = Rows.read(found, definition.form(), definition.columns());
    Optional<Examples> examples =
        count == 0
            ? Optional.empty()
            : Optional.of(new Examples(definition, pool(data, scored), count));
    int asked = limit == 0 ? scored.size() : Math.min(limit, scored.size());
    List<Question> questions = new ArrayList<>(asked);
    for (int i = 0; i < asked; i++) {
      Row row = scored.get(i);
      String before = examples.map(e -> e.before(row)).orElse("");
      try {
        questions.add(
            definition.prompts().question(i, row.document(), before, definition.output()));
      } catch (BadDocument e) {
        throw row.error(e.getMessage());
      }
    }
    return new LoadedTask(
        name(),
        group,
        definition.version(),
        definition.output(),
        definition.metrics(),
        count,
        found.files().getFirst(),
        scored.size(),
        questions);
  }

  private void requireSane(Path data, int count, int limit) {
    if (count < 0 || limit < 0) {
      throw UserError.usage(
          "%s: %s examples or documents: neither can be negative"
              .formatted(name(), Math.min(count, limit)));
    }
    if (count > 0 && definition.output() == OutputType.LOGLIKELIHOOD_ROLLING) {
      throw UserError.usage(
          "%s: whole texts are scored with no examples before them, not %s"
              .formatted(name(), count));
    }
    if (!Files.isDirectory(data)) {
      throw UserError.usage("%s: no such folder of data sets".formatted(data));
    }
  }

  private List<Row> pool(Path data, List<Row> scored) {
    SplitFiles files = definition.splits().examples();
    return files.equals(definition.splits().scored())
        ? scored
        : Rows.read(
            find(data, files, "examples (few-shot)"), definition.form(), definition.columns());
  }

  private SplitFiles.Found find(Path data, SplitFiles files, String purpose) {
    return files
        .find(data)
        .orElseThrow(
            () ->
                new UserError(
                    "%s: no %s in %s: put %s there; they come from %s"
                        .formatted(name(), purpose, data, files, definition.source())));
  }
}
