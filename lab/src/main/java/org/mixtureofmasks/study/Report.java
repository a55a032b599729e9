package org.mixtureofmasks.study;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.report.Grid;
import org.mixtureofmasks.study.Chart.Axis;
import org.mixtureofmasks.study.Chart.Look;
import org.mixtureofmasks.study.Chart.Point;
import org.mixtureofmasks.study.Chart.Series;
import org.mixtureofmasks.study.Chart.Shape;
import org.mixtureofmasks.study.Comparison.Group;
import org.mixtureofmasks.study.Comparison.Spread;
import org.mixtureofmasks.train.RunFolder;

/** study.html: one page that needs nothing but itself; every figure has its table beneath. */
final class Report {
  private static final Axis TOKENS = new Axis("tokens", Report::tokens);
  private static final Axis LOSS = new Axis("loss, nats a token", v -> Tables.decimals(v, 3));
  private static final Axis SHARE =
      new Axis("active share of the FFN, measured", v -> Tables.percent(v));

  private static final Axis AVERAGE = new Axis("average accuracy of the tasks", Tables::percent);

  /** What may differ between runs of one thing that train for longer or shorter. */
  private static final Set<String> LENGTH =
      Set.of(RunKeys.TOKENS.name(), RunKeys.STEPS.name(), RunKeys.BATCH_TOKENS.name());

  private final Plan plan;
  private final List<RunResult> results;
  private final Comparison comparison;
  private final BesideDense dense;
  private final Path out;

  /**
   * @param dense the dense model's own answers
   */
  Report(Plan plan, List<RunResult> results, BesideDense dense, Path out) {
    this.plan = plan;
    this.results = results;
    this.comparison = Comparison.of(results);
    this.dense = dense;
    this.out = out;
  }

  /** What the tables say about themselves. */
  static String byTargetNote(Plan plan, Comparison comparison) {
    return "At equal active share of the FFN: loss in nats a token over evaluate.rows, judged by the"
        + " engine on the compiled model; mean ± sample deviation over seeds; "
        + (comparison.tokensDiffer()
            ? "runs of equally many tokens are compared with each other."
            : tokens((double) plan.runs().stream().mapToLong(PlannedRun::tokens).max().orElse(0))
                + " tokens.");
  }

  static final String BY_COST_NOTE =
      "At equal cost: share all-in, the bytes that a token reads for FFN, router and lists over the"
          + " dense FFN's; Pareto-optimal: no run is better in one of cost and loss and as good in the"
          + " other.";

  String html(String command) {
    StringBuilder s = new StringBuilder();
    String title = plan.study().question();
    s.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
        .append(Grid.escape(title))
        .append("</title>\n<style>\n")
        .append(style())
        .append("</style>\n</head>\n<body>\n<main>\n<h1>")
        .append(Grid.escape(title))
        .append("</h1>\n<p><code>")
        .append(Grid.escape(command))
        .append("</code></p>\n");
    long done = results.stream().filter(r -> r.status() == RunResult.Status.DONE).count();
    s.append("<p>" + done + " of " + results.size() + " runs are done. Dense model: <code>")
        .append(Grid.escape(plan.parent()))
        .append("</code></p>\n");
    if (!comparison.groups().isEmpty()) {
      s.append(Tables.byTarget(comparison).html(byTargetNote(plan, comparison)));
      s.append(Tables.byCost(comparison).html(BY_COST_NOTE));
      new TaskTables(comparison, dense)
          .all()
          .forEach(table -> s.append(table.grid().html(table.note())));
      quality(s);
      if (comparison.tokensDiffer()) {
        overTokens(s, "Task average over tokens", AVERAGE, Group::taskAverage, Tables::percent);
        overTokens(s, "Loss over tokens", LOSS, Group::loss, v -> Tables.decimals(v, 4));
      }
      curves(s, "Training loss over tokens", LOSS, Curve::loss, v -> Tables.decimals(v, 4));
      Axis density = new Axis("share of open gates, expected", Tables::percent);
      curves(s, "Density over tokens", density, Curve::density, Tables::percent);
    }
    List<RunResult> failed =
        results.stream().filter(r -> r.status() == RunResult.Status.FAILED).toList();
    if (!failed.isEmpty()) {
      s.append(Tables.failures(failed).html("Runs that failed"));
    }
    return s.append("</main>\n</body>\n</html>\n").toString();
  }

  /** Loss against active share, the Pareto-optimal runs bound together. */
  private void quality(StringBuilder s) {
    List<Series> series = new ArrayList<>();
    Grid table = new Grid(List.of("run", "FFN measured", "loss", "Pareto-optimal"));
    Map<Long, List<Point>> fronts = new TreeMap<>();
    Map<String, List<Group>> byLabel = new LinkedHashMap<>();
    for (Group g : comparison.byTarget()) {
      byLabel.computeIfAbsent(g.label(), _ -> new ArrayList<>()).add(g);
      Point p = point(g);
      boolean best = comparison.onFront(g, Group::activeShare);
      if (best) {
        fronts.computeIfAbsent(comparison.budget(g), _ -> new ArrayList<>()).add(p);
      }
      table.row(
          List.of(name(g), Tables.percent(p.x()), Tables.spread(g.loss()), best ? "yes" : "no"));
    }
    byLabel.forEach(
        (label, groups) -> {
          groups.sort(Comparator.comparingDouble(Group::activeShare));
          series.add(
              new Series(
                  label,
                  Shape.MARKS,
                  new Look(colour(label), 0),
                  groups.stream().map(Report::point).toList(),
                  groups.stream().map(g -> error(g.loss())).toList()));
        });
    fronts.forEach(
        (budget, front) -> {
          front.sort(Comparator.comparingDouble(Point::x));
          String name = "the Pareto front";
          series.add(
              new Series(
                  comparison.tokensDiffer()
                      ? name + " of " + tokens((double) budget) + " tokens"
                      : name,
                  Shape.FRONT,
                  new Look(0, 0),
                  front,
                  List.of()));
        });
    figure(s, "Quality against active share", new Chart(SHARE, LOSS, series), table);
  }

  /** A figure of each group's first finished seed. */
  private void curves(
      StringBuilder s,
      String title,
      Axis y,
      Function<Curve, List<Point>> of,
      DoubleFunction<String> cell) {
    List<Series> series = new ArrayList<>();
    for (Group g : comparison.groups()) {
      PlannedRun run = g.runs().getFirst().run();
      Path folder = StudyFolder.run(out, run);
      List<Point> points = of.apply(Curve.read(new RunFolder(folder).metrics()));
      if (!points.isEmpty()) {
        series.add(Series.line(name(g) + ", seed " + run.seed(), look(run), points));
      }
    }
    if (series.isEmpty()) {
      return;
    }
    List<String> header = new ArrayList<>(List.of("tokens"));
    series.forEach(one -> header.add(one.name()));
    Grid table = new Grid(header);
    TreeSet<Double> all = new TreeSet<>();
    series.forEach(one -> one.points().forEach(p -> all.add(p.x())));
    for (double x : all) {
      List<String> row = new ArrayList<>(List.of(String.format(Locale.ROOT, "%.0f", x)));
      for (Series one : series) {
        row.add(
            one.points().stream()
                .filter(p -> p.x() == x)
                .findFirst()
                .map(p -> cell.apply(p.y()))
                .orElse(""));
      }
      table.row(row);
    }
    figure(s, title, new Chart(TOKENS, y, series), table);
  }

  /** What finished models have come to over the tokens that they trained on, a line a thing. */
  private void overTokens(
      StringBuilder s,
      String title,
      Axis y,
      Function<Group, Spread> of,
      DoubleFunction<String> cell) {
    Map<String, List<Group>> things = new LinkedHashMap<>();
    for (Group g : comparison.groups()) {
      if (!Double.isNaN(of.apply(g).mean())) {
        things.computeIfAbsent(thing(g), _ -> new ArrayList<>()).add(g);
      }
    }
    if (things.isEmpty()) {
      return;
    }
    List<Series> series = new ArrayList<>();
    Grid table = new Grid(List.of("method and options", "tokens", y.label()));
    things.forEach(
        (thing, groups) -> {
          groups.sort(Comparator.comparingLong(Group::tokens));
          groups.forEach(
              g ->
                  table.row(
                      List.of(thing, tokens((double) g.tokens()), cell.apply(of.apply(g).mean()))));
          series.add(
              new Series(
                  thing,
                  Shape.MARKS,
                  new Look(colour(groups.getFirst().label()), 0),
                  groups.stream()
                      .map(g -> new Point((double) g.tokens(), of.apply(g).mean()))
                      .toList(),
                  groups.stream().map(g -> error(of.apply(g))).toList()));
        });
    figure(s, title, new Chart(TOKENS, y, series), table);
  }

  private static String thing(Group g) {
    PlannedRun run = g.runs().getFirst().run();
    return Stream.concat(
            Stream.of(run.method()),
            run.options().entrySet().stream()
                .filter(option -> !LENGTH.contains(option.getKey()))
                .map(option -> option.getKey() + "=" + option.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static void figure(StringBuilder s, String title, Chart chart, Grid table) {
    s.append("<figure>\n<figcaption>")
        .append(Grid.escape(title))
        .append("</figcaption>\n")
        .append(chart.html(title))
        .append("<details>\n<summary>The numbers of this figure</summary>\n")
        .append(table.html(title))
        .append("</details>\n</figure>\n");
  }

  /** A label's place among those of the whole study, done or not, so that it stays the same. */
  private int colour(String label) {
    return plan.runs().stream().map(PlannedRun::label).distinct().toList().indexOf(label);
  }

  /** The label's colour, and a dash for each share that it is asked for. */
  private Look look(PlannedRun run) {
    List<Double> targets =
        plan.runs().stream()
            .filter(r -> r.label().equals(run.label()))
            .map(PlannedRun::target)
            .distinct()
            .toList();
    return new Look(colour(run.label()), targets.indexOf(run.target()));
  }

  private static Point point(Group g) {
    return new Point(g.activeShare(), g.loss().mean());
  }

  /** 0, which is not drawn, where there is one seed. */
  private static double error(Spread spread) {
    return Double.isNaN(spread.deviation()) ? 0 : spread.deviation();
  }

  private static String name(Group g) {
    return g.label() + " at " + Tables.percent(g.target());
  }

  static String tokens(double n) {
    return n >= 1e6
        ? Tables.decimals(n / 1e6, 2) + "M"
        : n >= 1e3 ? Tables.decimals(n / 1e3, 0) + "k" : Tables.decimals(n, 0);
  }

  private static String style() {
    try (InputStream in = Report.class.getResourceAsStream("study.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("study.css is part of the program", e);
    }
  }
}
