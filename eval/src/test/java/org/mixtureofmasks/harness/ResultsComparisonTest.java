package org.mixtureofmasks.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.score.SmallTasks.choice;

import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.score.Evaluation;
import org.mixtureofmasks.score.PairedBootstrap;
import org.mixtureofmasks.score.SmallTasks;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Metric;
import org.mixtureofmasks.task.Question;

class ResultsComparisonTest {
  private static final int DOCUMENTS = 400;

  @TempDir private Path folder;

  /** Answers right where the share says so, the same documents first. */
  private SavedResults answers(String name, String prompt, int documents, double rightShare) {
    Question[] questions =
        IntStream.range(0, documents).mapToObj(i -> prompted(i, prompt)).toArray(Question[]::new);
    LoadedTask task = SmallTasks.choices("quiz", null, questions);
    SplittableRandom random = new SplittableRandom(5);
    double[][] rows =
        IntStream.range(0, documents)
            .mapToObj(
                _ ->
                    random.nextDouble() < rightShare
                        ? new double[] {-1, -9}
                        : new double[] {-9, -1})
            .toArray(double[][]::new);
    Evaluation evaluation =
        SmallTasks.evaluation(name, SmallTasks.result(task, SmallTasks.scores(rows)));
    Path own = folder.resolve(name);
    ResultsFolder.write(own, evaluation, ResultsJson.of(evaluation));
    return SavedResults.read(own);
  }

  private static Question prompted(int id, String prompt) {
    Question plain = choice(id, "document " + id, 0, "yes", "no");
    List<Question.Ask> asks =
        plain.asks().stream()
            .map(a -> new Question.Ask(prompt + a.context(), a.continuation()))
            .toList();
    return new Question(id, plain.document(), prompt, asks, plain.choices(), 0);
  }

  @Test
  void theIntervalOfAPairedDifferenceIsThatOfTheDocumentsThatDiffer() {
    SavedResults a = answers("a", "", DOCUMENTS, 0.5);
    SavedResults b = answers("b", "", DOCUMENTS, 0.6);
    ResultsComparison comparison = ResultsComparison.of(List.of(a, b), 10_000, 1234);
    ResultsComparison.Row row =
        comparison.rows().stream().filter(r -> r.metric() == Metric.ACC).findFirst().orElseThrow();
    PairedBootstrap.Difference difference = row.differences().getFirst();
    double d = row.values().get(1) - row.values().get(0);
    assertEquals(d, difference.value(), 1e-15);
    // b is right wherever a is: the difference is a share d, its deviation sqrt(d (1 - d) / n).
    double half = 1.96 * Math.sqrt(d * (1 - d) / DOCUMENTS);
    assertEquals(d - half, difference.low(), 0.1 * half);
    assertEquals(d + half, difference.high(), 0.1 * half);
    assertEquals(2.0 / 10_001, difference.pValue(), 1e-12);
    assertEquals(comparison, ResultsComparison.of(List.of(a, b), 10_000, 1234), "the seed decides");
    assertTrue(comparison.warnings().isEmpty());
  }

  @Test
  void equalAnswersDifferByNothing() {
    SavedResults a = answers("a", "", 50, 0.5);
    ResultsComparison comparison =
        ResultsComparison.of(List.of(a, answers("b", "", 50, 0.5)), 1000, 1);
    PairedBootstrap.Difference difference = comparison.rows().getFirst().differences().getFirst();
    assertEquals(new PairedBootstrap.Difference(0, 0, 0, 1), difference);
  }

  @Test
  void otherPromptsAreWarnedOfAndOtherDocumentsRefused() {
    SavedResults a = answers("a", "", 20, 0.5);
    SavedResults shots = answers("shots", "An example.\n\n", 20, 0.5);
    assertTrue(
        ResultsComparison.of(List.of(a, shots), 100, 1)
            .warnings()
            .getFirst()
            .contains("20 of 20 prompts"));
    SavedResults fewer = answers("fewer", "", 19, 0.5);
    String error =
        assertThrows(UserError.class, () -> ResultsComparison.of(List.of(a, fewer), 100, 1))
            .getMessage();
    assertTrue(error.startsWith("quiz: the documents differ"), error);
    assertTrue(error.contains("--limit"), error);
  }

  @Test
  void theAverageIsOverTasksAndGroupsOnce() {
    LoadedTask art = SmallTasks.choices("g_art", "g", choice(0, "a", 0, "x", "y"));
    LoadedTask law =
        SmallTasks.choices("g_law", "g", choice(0, "b", 0, "x", "y"), choice(1, "c", 1, "x", "y"));
    LoadedTask alone = SmallTasks.choices("alone", null, choice(0, "d", 1, "x", "y"));
    double[] first = {-1, -2};
    SavedResults[] both = new SavedResults[2];
    for (int i = 0; i < 2; i++) {
      double[] changed = i == 0 ? first : new double[] {-2, -1};
      Evaluation evaluation =
          SmallTasks.evaluation(
              "m" + i,
              SmallTasks.result(art, SmallTasks.scores(first)),
              SmallTasks.result(law, SmallTasks.scores(first, changed)),
              SmallTasks.result(alone, SmallTasks.scores(first)));
      ResultsFolder.write(folder.resolve("m" + i), evaluation, ResultsJson.of(evaluation));
      both[i] = SavedResults.read(folder.resolve("m" + i));
    }
    ResultsComparison comparison = ResultsComparison.of(List.of(both), 100, 1);
    ResultsComparison.Row average = comparison.rows().getLast();
    assertEquals(ResultsComparison.AVERAGE, average.name());
    // The group 2/3 and 3/3, the other task 0: averages 1/3 and 1/2.
    assertEquals(1 / 3.0, average.values().get(0), 1e-15);
    assertEquals(1 / 2.0, average.values().get(1), 1e-15);
    assertEquals(4, average.documents());
    assertEquals(0.5, average.chance().orElseThrow(), 1e-15);
    assertEquals(1.5, average.retention(1), 1e-12);
    assertTrue(average.retentionAboveChance(1).isEmpty(), "the first is no better than guessing");
  }
}
