package org.mixtureofmasks.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.study.BesideDense.TextFigure;
import org.mixtureofmasks.study.TaskFigures.Interval;
import org.mixtureofmasks.study.TaskFigures.Score;
import org.mixtureofmasks.task.Metric;

/** What a study says of tasks, texts and different numbers of tokens, from figures given. */
class BoardTest {
  private static final Interval NONE = new Interval(Double.NaN, Double.NaN);

  @TempDir Path folder;
  private Plan plan;

  @BeforeEach
  void makeThePlan() throws IOException {
    plan =
        new TinyStudy(folder)
            .plan(
                "tokens: any\nseeds: [1, 2]\n",
                """
                  - name: dense, {train.steps} steps
                    method: dense
                    seeds: [1]
                    reference: true
                    set: {train.steps: [2, 4]}
                  - name: masks, {train.steps} steps
                    method: mixture_of_masks
                    set: {train.steps: [2, 4], masks.calibration_tokens: 64}
                """);
  }

  private static Figures figures(double cost, double loss) {
    return new Figures(
        "engine",
        new Shares(0.5, 0.55),
        new Shares(0.5, cost),
        0.05,
        loss + 1,
        loss,
        loss,
        1000,
        2);
  }

  /** Dense: BoolQ 0.8, PIQA 0.7; a perplexity beside them, which is in no average. */
  private static TaskFigures tasks(double boolq, double piqa) {
    return new TaskFigures(
        "hash",
        List.of(
            new Score("boolq", Metric.ACC, boolq, 0.03, 0.8, 0.5, NONE),
            new Score("piqa", Metric.ACC, piqa, 0.04, 0.7, 0.5, NONE),
            new Score("wikitext", Metric.WORD_PERPLEXITY, 22, Double.NaN, 20, Double.NaN, NONE)),
        new Interval(-0.1, -0.02));
  }

  private static BesideDense beside(double boolq, double piqa, double wiki) {
    return new BesideDense(
        Optional.of(tasks(boolq, piqa)),
        List.of(new TextFigure("book.txt", 30, 20), new TextFigure("WikiText-2.txt", wiki, 10)),
        Double.NaN);
  }

  /** Of 2 steps 3.0 and 3.1, 3.3; of 4 steps 2.5 and 2.6; the second seed there is missing. */
  private List<RunResult> results() throws IOException {
    List<PlannedRun> runs = plan.runs();
    List<RunResult> results = new ArrayList<>();
    results.add(RunResult.done(runs.get(0), figures(1, 3.0), beside(0.8, 0.7, 10)));
    results.add(RunResult.done(runs.get(1), figures(1, 2.5), beside(0.82, 0.7, 9)));
    results.add(RunResult.done(runs.get(2), figures(0.56, 3.1), beside(0.7, 0.65, 12)));
    results.add(RunResult.done(runs.get(3), figures(0.56, 3.3), beside(0.6, 0.65, 14)));
    results.add(RunResult.done(runs.get(4), figures(0.56, 2.6), beside(0.75, 0.68, 11)));
    results.add(RunResult.pending(runs.get(5)));
    for (RunResult result : results) {
      Path run = Files.createDirectories(StudyFolder.run(folder, result.run()));
      Files.writeString(run.resolve("metrics.jsonl"), "");
    }
    return results;
  }

  @Test
  void retentionIsOfAveragesWithAndWithoutBoolqAndAboveChance() {
    TaskFigures kept = tasks(0.6, 0.65);
    assertEquals(0.625, kept.average(), 1e-12);
    assertEquals(0.025, kept.averageError(), 1e-12, "of independent tasks");
    assertEquals(0.625 / 0.75, kept.retention(), 1e-12);
    assertEquals(0.65 / 0.7, kept.retentionWithoutBoolq(), 1e-12);
    assertEquals(0.5, kept.retentionAboveChance(), 1e-12);
    TaskFigures none = new TaskFigures("", kept.scores().subList(1, 3), NONE);
    assertTrue(Double.isNaN(none.retentionWithoutBoolq()), "BoolQ is not asked");
  }

  @Test
  void figuresOfTasksAreKeptForTheSameQuestionsOnly() {
    TaskFigures figures = tasks(0.6, 0.65);
    figures.save(folder);
    ObjectNode before = Json.object();
    figures.describe(before);
    ObjectNode after = Json.object();
    TaskFigures.read(folder, "hash").orElseThrow().describe(after);
    assertEquals(before.toString(), after.toString());
    assertTrue(TaskFigures.read(folder, "other questions").isEmpty());
  }

  @Test
  void theBoardHasALineOfRatiosForEachFinishedRun() throws IOException {
    JsonNode rows = Board.json(results(), folder).get("rows");
    assertEquals(5, rows.size());
    JsonNode row = rows.get(3);
    assertEquals("mixture_of_masks", row.get("method").asText());
    assertEquals(2, row.at("/options/train.steps").asInt());
    assertEquals(0.5, row.get("target").asDouble());
    assertEquals(0.56, row.get("share_all_in").asDouble());
    assertEquals(96, row.get("recovery_tokens").asLong());
    assertEquals(1.4, row.get("wikitext_over_dense").asDouble(), 1e-12);
    assertEquals(0.625 / 0.75, row.get("task_retention").asDouble(), 1e-12);
    assertEquals(0.65 / 0.7, row.get("task_retention_without_boolq").asDouble(), 1e-12);
    assertEquals(0.5, row.get("task_retention_above_chance").asDouble(), 1e-12);
    assertTrue(row.get("decode_over_dense").isNull());
    assertEquals(
        "runs/" + plan.runs().get(3).name() + "/recipe.resolved.yaml", row.get("recipe").asText());
  }

  @Test
  void whatWasNotMeasuredIsNullOnTheBoard() throws IOException {
    RunResult bare = RunResult.done(plan.runs().getFirst(), figures(1, 3), BesideDense.NOTHING);
    JsonNode row = Board.json(List.of(bare), folder).at("/rows/0");
    assertTrue(row.get("task_retention").isNull());
    assertTrue(row.get("wikitext_over_dense").isNull());
  }

  @Test
  void runsAreComparedWithThoseOfTheSameTokensOnly() throws IOException {
    Comparison c = Comparison.of(results());
    assertTrue(c.tokensDiffer());
    assertEquals(
        List.of("dense, 2 steps", "masks, 2 steps", "dense, 4 steps", "masks, 4 steps"),
        c.byTarget().stream().map(Comparison.Group::label).toList());
    Comparison.Group few = c.groups().get(2);
    Comparison.Group many = c.groups().get(3);
    assertEquals(Math.exp(0.1) - 1, c.overReference(many).mean(), 1e-12);
    assertTrue(c.onFront(few, Comparison.Group::cost), "more tokens are no cheaper choice");
    assertTrue(c.onFront(many, Comparison.Group::cost));
    String text = StudyFolder.markdown(plan, results(), beside(0.8, 0.7, 10), "mom study");
    assertTrue(text.contains("| run | tokens | FFN asked for |"), text);
    assertTrue(text.contains("| masks, 4 steps | 192 | 50.0 % |"), text);
  }

  @Test
  void theTablesOfTasksHaveARowOfEachThingAndTheDenseModelFirst() throws IOException {
    String text = StudyFolder.markdown(plan, results(), beside(0.8, 0.7, 10), "mom study");
    assertTrue(
        text.contains("| the dense model as it is |  |  | 80.0 | 70.0 | 22.000 | 75.00 ± 2.50 |"),
        text);
    assertTrue(
        text.contains(
            "| masks, 2 steps | 96 | 50.0 % | 65.0 ± 7.1 | 65.0 ± 0.0 | 22.000 ± 0.000 |"
                + " 65.00 ± 2.50 | -10.00 [-10.00, -2.00] | 86.7 ± 4.7 | 92.9 ± 0.0 |"
                + " 60.0 ± 14.1 |"),
        text);
    assertTrue(
        text.contains("| 30.000 ± 0.000 (1.500 ± 0.000) | 13.000 ± 1.414 (1.300 ± 0.141) |"), text);
    assertFalse(text.contains("NaN"), text);
  }

  @Test
  void thePageDrawsTheTaskAverageOverTokensWhereTheseDiffer() throws IOException {
    BesideDense dense = beside(0.8, 0.7, 10);
    String html = new Report(plan, results(), dense, folder).html("mom study");
    assertTrue(html.contains("<figcaption>Task average over tokens</figcaption>"), html);
    assertTrue(html.contains("mixture_of_masks, masks.calibration_tokens=64"), html);
    assertFalse(html.contains("NaN"));
  }
}
