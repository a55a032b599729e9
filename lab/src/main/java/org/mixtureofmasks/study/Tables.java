package org.mixtureofmasks.study;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.mixtureofmasks.report.Grid;
import org.mixtureofmasks.study.Comparison.Group;
import org.mixtureofmasks.study.Comparison.Spread;

/** The tables of a comparison. */
final class Tables {
  static final String OFF_TARGET = " (off target)";
  static final String BY_TRAINER = " (by the trainer)";
  static final String UNTRAINED = " (training-free)";

  private Tables() {}

  /** At equal active share of the FFN. */
  static Grid byTarget(Comparison c) {
    Grid grid =
        new Grid(
            header(
                c,
                "FFN asked for",
                "FFN measured",
                "router",
                "seeds",
                "before training",
                "loss",
                "perplexity",
                "over reference"));
    for (Group g : c.byTarget()) {
      grid.row(
          row(
              c,
              g,
              percent(g.target()),
              percent(g.spread(f -> f.measured().activeFfn()).mean())
                  + (g.meetsTarget() ? "" : OFF_TARGET),
              percent(g.routerShare()),
              seeds(g),
              spread(g.spread(Figures::oneShotLoss)),
              spread(g.loss()),
              spread(g.spread(f -> Math.exp(f.validLoss())), 2),
              g.reference() ? "" : over(c.overReference(g))));
    }
    return grid;
  }

  /** At equal cost: what a token reads of FFN, router and lists together. */
  static Grid byCost(Comparison c) {
    Grid grid =
        new Grid(
            header(c, "share all-in", "FFN", "router", "loss", "over reference", "Pareto-optimal"));
    for (Group g : c.byCost()) {
      grid.row(
          row(
              c,
              g,
              percent(g.cost()),
              percent(g.activeShare()),
              percent(g.routerShare()),
              spread(g.loss()),
              g.reference() ? "" : over(c.overReference(g)),
              c.onFront(g, Group::cost) ? "yes" : "no"));
    }
    return grid;
  }

  /** The columns; with that of tokens where these differ. */
  static List<String> header(Comparison c, String... columns) {
    Stream<String> first = c.tokensDiffer() ? Stream.of("run", "tokens") : Stream.of("run");
    return Stream.concat(first, Stream.of(columns)).toList();
  }

  /** A group's cells under {@link #header}. */
  static List<String> row(Comparison c, Group g, String... cells) {
    Stream<String> first =
        c.tokensDiffer()
            ? Stream.of(name(g), Report.tokens((double) g.tokens()))
            : Stream.of(name(g));
    return Stream.concat(first, Stream.of(cells)).toList();
  }

  /** Runs that failed, each with its reason. */
  static Grid failures(List<RunResult> failed) {
    Grid grid = new Grid(List.of("run", "seed", "reason"));
    failed.forEach(
        r -> grid.row(List.of(r.run().label(), Integer.toString(r.run().seed()), r.reason())));
    return grid;
  }

  /** The label, and what sets the group apart from compiled models of the same budget. */
  static String name(Group g) {
    return g.label() + (g.trained() ? "" : UNTRAINED) + (g.measuredByEngine() ? "" : BY_TRAINER);
  }

  /** "3", or "2 of 3" when some are missing. */
  private static String seeds(Group g) {
    return g.runs().size() == g.planned()
        ? Integer.toString(g.planned())
        : g.runs().size() + " of " + g.planned();
  }

  static String spread(Spread s) {
    return spread(s, 4);
  }

  static String spread(Spread s, int digits) {
    return decimals(s.mean(), digits)
        + (Double.isNaN(s.deviation()) ? "" : " ± " + decimals(s.deviation(), digits));
  }

  static String over(Spread s) {
    if (Double.isNaN(s.mean())) {
      return "";
    }
    return signed(100 * s.mean(), 1)
        + (Double.isNaN(s.deviation()) ? "" : " ± " + decimals(100 * s.deviation(), 1))
        + " %";
  }

  static String percent(double share) {
    return Double.isNaN(share) ? "" : decimals(100 * share, 1) + " %";
  }

  static String signed(double value, int digits) {
    return String.format(Locale.ROOT, "%+." + digits + "f", value);
  }

  /** A number, or nothing where there is none. */
  static String decimals(double value, int digits) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
