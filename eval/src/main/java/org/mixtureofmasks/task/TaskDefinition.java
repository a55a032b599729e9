package org.mixtureofmasks.task;

import java.util.List;
import java.util.Optional;

/**
 * What a task file says.
 *
 * @param name such as boolq, mmlu_anatomy
 * @param groups the groups it counts for, the narrowest first
 * @param about one line for a list of tasks
 * @param source where its data comes from
 * @param version of the harness's template that it follows
 * @param output what is asked
 * @param metrics what is told
 * @param splits its files
 * @param form how rows become columns
 * @param columns names of a .csv file's columns when it has no line of names; else empty
 * @param prompts how a document is asked
 * @param firstExamples few-shot examples are the first ones in order (first_n), not drawn
 * @param fewShot examples before each question unless asked otherwise
 */
record TaskDefinition(
    String name,
    List<String> groups,
    String about,
    String source,
    String version,
    OutputType output,
    List<Metric> metrics,
    Splits splits,
    Form form,
    List<String> columns,
    Prompts prompts,
    boolean firstExamples,
    int fewShot) {

  /**
   * Files of the splits, each of which may be absent. As in the harness the test split is scored if
   * there is one, else the validation split; examples come from the few-shot split if there is one,
   * else from training, validation or test, the first that there is.
   */
  record Splits(
      Optional<SplitFiles> training,
      Optional<SplitFiles> validation,
      Optional<SplitFiles> test,
      Optional<SplitFiles> fewShot) {

    /** The harness's Task.eval_docs. */
    SplitFiles scored() {
      return test.or(() -> validation).orElseThrow();
    }

    /** The harness's ConfigurableTask.fewshot_docs. */
    SplitFiles examples() {
      return fewShot.or(() -> training).orElseGet(() -> validation.orElseGet(this::scored));
    }

    /**
     * Whether one example too many is drawn, so that the scored document can be dropped. The
     * harness's ConfigurableTask.fewshot_context compares the names of the few-shot and the test
     * split, so this is so when the task has neither, and then even if examples come from training.
     */
    boolean dropsTheScored() {
      return fewShot.isEmpty() && test.isEmpty();
    }
  }

  TaskDefinition {
    groups = List.copyOf(groups);
    metrics = List.copyOf(metrics);
    columns = List.copyOf(columns);
  }
}
