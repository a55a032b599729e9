package org.mixtureofmasks.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.score.SmallTasks.choice;
import static org.mixtureofmasks.score.SmallTasks.row;
import static org.mixtureofmasks.score.SmallTasks.scores;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Metric;

class EstimateTest {
  @Test
  void anAccuracyIsTheShareOfTheLargestAndItsErrorTheSampleDeviationOverRootN() {
    LoadedTask task =
        SmallTasks.choices(
            "t",
            null,
            choice(0, "a", 0, "yes", "no"),
            choice(1, "b", 1, "yes", "no"),
            choice(2, "c", 0, "yes", "no"),
            choice(3, "d", 0, "yes", "no"));
    Map<Metric, Estimate> estimates =
        SmallTasks.result(task, scores(row(-1, -2), row(-1, -2), row(-3, -4), row(-2, -1)))
            .summary()
            .estimates();
    // Right, wrong, right, wrong: deviation sqrt(4 * 0.25 / 3), over sqrt(4).
    assertEquals(0.5, estimates.get(Metric.ACC).value());
    assertEquals(
        Math.sqrt(1.0 / 3) / 2, estimates.get(Metric.ACC).standardError().getAsDouble(), 1e-15);
  }

  @Test
  void theNormDividesByCodePointsOfTheChoiceWithoutItsSpace() {
    // -4 / 4 = -1 against -3 / 2 = -1.5; the face is one code point and two UTF-16 units.
    var question = choice(0, "q", 0, "abc\ud83d\ude00", "ab");
    var pair = scores(row(-4, -3)).scores().getFirst();
    assertEquals(1, Grading.predicted(pair));
    assertEquals(0, Grading.predictedByLength(question, pair));
    // -4 / 4 = -1 against -1.9 / 2; five units would have made it the other way round.
    assertEquals(1, Grading.predictedByLength(question, scores(row(-4, -1.9)).scores().getFirst()));
  }

  @Test
  void ofEqualLogProbabilitiesTheFirstCounts() {
    assertEquals(1, Grading.predicted(scores(row(-3, -2, -2)).scores().getFirst()));
    assertEquals(
        0,
        Grading.predictedByLength(
            choice(0, "q", 0, "a", "bb"), scores(row(-1, -2)).scores().getFirst()));
  }

  @Test
  void lambadaCountsGreedyWordsAndItsPerplexityHasTheHarnesssBootstrapError() {
    LoadedTask task = SmallTasks.lastWord("a b", "c d", "e f", "g h", "i j");
    Map<Metric, Estimate> estimates =
        SmallTasks.result(task, scores(row(-1.25), row(-0.5), row(-3), row(-2), row(-0.125)))
            .summary()
            .estimates();
    assertEquals(0.4, estimates.get(Metric.ACC).value());
    assertEquals(3.955076722920577, estimates.get(Metric.PERPLEXITY).value(), 1e-12);
    // What lm-evaluation-harness's bootstrap_stderr gives for these five under CPython.
    assertEquals(
        2.215975265533235, estimates.get(Metric.PERPLEXITY).standardError().getAsDouble(), 1e-9);
  }

  @Test
  void pagesAreWeightedByTheWordsAndBytesOfTheOriginal() {
    LoadedTask task = SmallTasks.pages(" one two \n", "caf\u00e9");
    Map<Metric, Estimate> estimates =
        SmallTasks.result(task, scores(row(-6), row(-4))).summary().estimates();
    // " one two \n" has four pieces between white space and 10 bytes, the other 1 and 5.
    assertEquals(Math.exp(10.0 / 5), estimates.get(Metric.WORD_PERPLEXITY).value(), 1e-12);
    assertEquals(Math.exp(10.0 / 15), estimates.get(Metric.BYTE_PERPLEXITY).value(), 1e-12);
    assertEquals(10.0 / 15 / Math.log(2), estimates.get(Metric.BITS_PER_BYTE).value(), 1e-12);
    assertTrue(estimates.get(Metric.WORD_PERPLEXITY).standardError().isEmpty());
  }

  @Test
  void aGroupIsWeightedByDocumentsAndItsErrorIsPooled() {
    Estimate small = new Estimate(0.25, OptionalDouble.of(0.25));
    Estimate large = new Estimate(0.75, OptionalDouble.of(0.1));
    Estimate group = Estimate.pooled(List.of(small, large), List.of(4, 12));
    assertEquals(0.625, group.value());
    // (3 * 0.0625 * 4 + 11 * 0.01 * 12) / (16 - 2) = 0.1478571; over 16, its root.
    assertEquals(Math.sqrt((0.75 + 1.32) / 14 / 16), group.standardError().getAsDouble(), 1e-15);
    Estimate single = new Estimate(1, OptionalDouble.empty());
    assertTrue(Estimate.pooled(List.of(single, large), List.of(1, 12)).standardError().isEmpty());
  }

  @Test
  void oneDocumentHasNoError() {
    assertTrue(Estimate.of(Metric.ACC, List.of(new Observation(1, 1))).standardError().isEmpty());
  }
}
