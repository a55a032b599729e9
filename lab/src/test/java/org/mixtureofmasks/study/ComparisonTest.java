package org.mixtureofmasks.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.train.TinyRun;

/** The arithmetic of a comparison and what is written of it, from figures that are given. */
class ComparisonTest {
  @TempDir Path folder;
  private Plan plan;

  @BeforeEach
  void makeThePlan() throws IOException {
    plan =
        new TinyStudy(folder)
            .plan(
                "seeds: [1, 2]\n",
                TinyStudy.DENSE
                    + """
                      - name: '<b>MoM</b> E = {masks.experts}'
                        method: mixture_of_masks
                        set: {masks.experts: [2, 3], masks.calibration_tokens: 64}
                    """);
  }

  private static Figures figures(double measured, double router, double loss) {
    Shares asked = new Shares(0.5, 0.5 + router);
    Shares shares = new Shares(measured, measured + router);
    return new Figures("engine", asked, shares, router, loss + 1, loss, loss, 1000, 2);
  }

  private static RunResult done(PlannedRun run, Figures figures) {
    return RunResult.done(run, figures, BesideDense.NOTHING);
  }

  /** Dense 3.0; E = 2: 3.1 and 3.3; E = 3: 3.1 and a failure. */
  private List<RunResult> results() throws IOException {
    List<RunResult> results = new ArrayList<>();
    List<PlannedRun> runs = plan.runs();
    results.add(done(runs.get(0), figures(1, 0, 3.0)));
    results.add(done(runs.get(1), figures(0.50, 0.02, 3.1)));
    results.add(done(runs.get(2), figures(0.50, 0.02, 3.3)));
    results.add(done(runs.get(3), figures(0.53, 0.04, 3.1)));
    results.add(RunResult.failed(runs.get(4), "the loss is NaN at step 1"));
    for (RunResult result : results) {
      Path run = Files.createDirectories(StudyFolder.run(folder, result.run()));
      Files.writeString(
          run.resolve("metrics.jsonl"),
          """
          {"step": 0, "validation_loss": 4.5}
          {"step": 1, "tokens": 48, "loss": 4.0, "expected_density": 0.9, "tokens_per_second": 24.0}
          {"step": 2, "tokens": 96, "loss": 3.5, "expected_density": 0.5, "validation_loss": 3.25, "tokens_per_second": 48.0}
          """);
    }
    return results;
  }

  @Test
  void seedsAreTakenTogetherAsMeanAndSampleDeviation() throws IOException {
    Comparison c = Comparison.of(results());
    assertEquals(3, c.groups().size());
    Comparison.Group two = c.groups().get(1);
    assertEquals(3.2, two.loss().mean(), 1e-12);
    assertEquals(Math.sqrt(0.02), two.loss().deviation(), 1e-12);
    assertEquals((Math.exp(0.1) + Math.exp(0.3)) / 2 - 1, c.overReference(two).mean(), 1e-12);
    assertTrue(Double.isNaN(c.groups().get(2).loss().deviation()), "one seed has no deviation");
    assertEquals(2, c.groups().get(2).planned());
  }

  @Test
  void theSameRunAskedForTwiceCountsOnce() throws IOException {
    List<RunResult> results = new ArrayList<>(results());
    results.add(results.get(1));
    assertEquals(2, Comparison.of(results).groups().get(1).runs().size());
  }

  @Test
  void theFrontIsWhatNothingCheaperBeats() throws IOException {
    Comparison c = Comparison.of(results());
    Comparison.Group two = c.groups().get(1);
    Comparison.Group three = c.groups().get(2);
    assertTrue(c.onFront(two, Comparison.Group::cost), "the cheapest");
    assertTrue(c.onFront(three, Comparison.Group::cost), "better than what is cheaper");
    assertTrue(two.meetsTarget());
    assertFalse(three.meetsTarget(), "53 % measured for 50 % asked");
    assertEquals(0.57, three.cost(), 1e-12);
  }

  @Test
  void theMarkdownHasBothTablesAndTheFailures() throws IOException {
    String text = StudyFolder.markdown(plan, results(), BesideDense.NOTHING, "mom study");
    assertTrue(text.contains("| 3.2000 ± 0.1414 |"), text);
    assertTrue(text.contains("| 1 of 2 |"), text);
    assertTrue(text.contains("53.0 % (off target)"), text);
    assertTrue(text.contains("| share all-in |"), text);
    assertTrue(text.contains("| Pareto-optimal |"), text);
    assertTrue(text.contains("| 2 | the loss is NaN at step 1 |"), text);
    for (String line : text.lines().filter(l -> l.startsWith("| dense")).toList()) {
      assertFalse(line.contains("NaN"), line);
    }
  }

  @Test
  void thePageHasItsFiguresEachWithATableAndNeedsNothingElse() throws IOException {
    String html = new Report(plan, results(), BesideDense.NOTHING, folder).html("mom study <x>");
    assertEquals(3, count("<figure>", html));
    assertEquals(3, count("<details>", html));
    assertEquals(6, count("<table>", html), "two comparisons, three figures, the failures");
    assertEquals(3, count("<svg viewBox=\"0 0 760 400\"", html));
    assertEquals(3, count("tabindex=\"0\" role=\"img\"", html), "every mark takes the focus");
    assertFalse(Pattern.compile("https?:|src=|href=|url\\(|@import").matcher(html).find());
    assertTrue(html.contains("prefers-color-scheme: dark"));
    assertTrue(html.contains("&lt;b&gt;MoM&lt;/b&gt; E = 2"));
    assertFalse(html.contains("<b>"));
    assertFalse(html.contains("NaN at step 1 NaN") || html.contains("\"NaN\""));
  }

  @Test
  void aRunThatIsBeatenAtTheSameCostOrForLessIsNotParetoOptimal() throws IOException {
    List<RunResult> results = results();
    results.set(3, done(plan.runs().get(3), figures(0.50, 0.04, 3.2)));
    Comparison c = Comparison.of(results);
    assertTrue(c.onFront(c.groups().get(1), Comparison.Group::cost));
    assertFalse(c.onFront(c.groups().get(2), Comparison.Group::cost), "as good, and dearer");
  }

  @Test
  void aMethodKeepsItsColourInEveryFigure() throws IOException {
    List<RunResult> results = results();
    // No density for the first: its series is missing in that figure.
    Files.writeString(
        StudyFolder.run(folder, results.getFirst().run()).resolve("metrics.jsonl"),
        "{\"step\": 1, \"tokens\": 48, \"loss\": 4.0, \"tokens_per_second\": 24.0}\n");
    String html = new Report(plan, results, BesideDense.NOTHING, folder).html("mom study");
    Map<String, Set<String>> colours = new TreeMap<>();
    Matcher legend =
        Pattern.compile("<g class=\"(?:line|marks) (c\\d)[^>]*>.*?</g></svg> (.*?)(?: at .*)?</li>")
            .matcher(html);
    while (legend.find()) {
      colours.computeIfAbsent(legend.group(2), _ -> new TreeSet<>()).add(legend.group(1));
    }
    assertEquals(3, colours.size(), colours.toString());
    colours.values().forEach(seen -> assertEquals(1, seen.size(), colours.toString()));
    assertEquals(3, Set.copyOf(colours.values()).size(), colours.toString());
  }

  @Test
  void labelsOfAnAxisNeitherOverlapNorRepeat() {
    Chart.Axis wide = new Chart.Axis("share", v -> "%.12f percent".formatted(v));
    Chart.Axis coarse = new Chart.Axis("loss", v -> "%.0f nats a token of the text".formatted(v));
    Chart.Series line =
        Chart.Series.line(
            "a", new Chart.Look(0, 0), List.of(new Chart.Point(0, 1.01), new Chart.Point(1, 1.02)));
    String svg = new Chart(wide, coarse, List.of(line)).html("title");
    List<double[]> spans = new ArrayList<>();
    Matcher label = Pattern.compile("<text x=\"([\\d.]+)\".*?>([\\d.]+ percent)<").matcher(svg);
    while (label.find()) {
      double half = 3.5 * label.group(2).length();
      double middle = Double.parseDouble(label.group(1));
      spans.add(new double[] {middle - half, middle + half});
    }
    assertTrue(spans.size() >= 2, svg);
    for (int i = 1; i < spans.size(); i++) {
      assertTrue(spans.get(i)[0] > spans.get(i - 1)[1], svg);
    }
    assertEquals(1, count(">1 nats a token of the text<", svg));
    Matcher end = Pattern.compile("<text x=\"([\\d.]+)\" [^>]*\"end\">(1 nats[^<]*)<").matcher(svg);
    assertTrue(end.find(), svg);
    assertTrue(
        Double.parseDouble(end.group(1)) - 7 * end.group(2).length() > 18,
        "the axis's own name stands left of it");
  }

  @Test
  void aCurveKeepsItsEndsAndTimeOfTraining() throws IOException {
    results();
    Curve curve =
        Curve.read(StudyFolder.run(folder, plan.runs().getFirst()).resolve("metrics.jsonl"));
    assertEquals(4.5, curve.before());
    assertEquals(3.25, curve.after());
    assertEquals(48 / 24.0 + 48 / 48.0, curve.seconds(), 1e-12);
    List<Chart.Point> many = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      many.add(new Chart.Point(i, 2 * i));
    }
    List<Chart.Point> few = Curve.thinned(many);
    assertTrue(few.size() <= 60 && few.size() > 50, few.size() + " points");
    assertEquals(999 / 2.0, few.stream().mapToDouble(Chart.Point::x).average().orElseThrow(), 8);
  }

  @Test
  void ticksAreRoundAndWithinTheSpan() {
    assertEquals(List.of(0.0, 100.0, 200.0, 300.0, 400.0, 500.0), Chart.ticks(-50, 520));
    List<Double> losses = Chart.ticks(3.61, 3.97);
    assertEquals(3, losses.size(), losses.toString());
    assertEquals(3.7, losses.getFirst(), 1e-9);
    assertEquals(3.9, losses.getLast(), 1e-9);
  }

  private static int count(String what, String in) {
    return in.split(Pattern.quote(what), -1).length - 1;
  }

  @Test
  void aTargetThatCountsThePreviewIsMetByTheShareAllIn() throws IOException {
    assertTrue(group("preview").meetsTarget(), "60 % all-in, 51 % of the weights");
    assertFalse(group("inputs").meetsTarget(), "51 % of the weights for 60 % asked");
  }

  private Comparison.Group group(String choice) throws IOException {
    Path runs = Files.createDirectories(folder.resolve(choice));
    Recipe recipe =
        new TinyRun(runs, 32)
            .recipe("token_masks", "token_masks: {choice: %s, target: 0.6}\n".formatted(choice));
    PlannedRun run =
        new PlannedRun(
            choice,
            "token_masks",
            new LinkedHashMap<>(),
            false,
            0.6,
            0,
            0,
            List.of(),
            recipe,
            "sha256:000000000000");
    Shares shares = new Shares(0.51, 0.6);
    Figures figures = new Figures("engine", shares, shares, 0, 3, 3, 3, 1, 1);
    return Comparison.of(List.of(done(run, figures))).groups().getFirst();
  }
}
