package org.mixtureofmasks.study;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.train.Methods;

/**
 * The runs that are done, seeds of one thing taken together.
 *
 * @param groups in the order of the study
 * @param tokensDiffer whether the study's runs train on different numbers of tokens: then only
 *     equal ones are compared
 */
record Comparison(List<Group> groups, boolean tokensDiffer) {
  /** Shares within this distance count as equal: a point. */
  private static final double POINT = 0.01;

  /**
   * Mean and deviation over seeds.
   *
   * @param deviation of the sample (n - 1); NaN for a single run
   */
  record Spread(double mean, double deviation) {
    static Spread of(List<Double> values) {
      double mean = values.stream().mapToDouble(v -> v).average().orElse(Double.NaN);
      double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
      int n = values.size();
      return new Spread(mean, n > 1 ? Math.sqrt(squares / (n - 1)) : Double.NaN);
    }
  }

  /**
   * Runs that differ in nothing but the seed.
   *
   * @param target active share that was asked for
   * @param planned seeds that the study asks for
   * @param runs those that are done, at least one
   */
  record Group(String label, double target, boolean reference, int planned, List<RunResult> runs) {
    Group {
      runs = List.copyOf(runs);
    }

    /** The answers to tasks of those that were asked. */
    List<TaskFigures> tasks() {
      return runs.stream().flatMap(r -> r.beside().tasks().stream()).toList();
    }

    /** Mean accuracy of the tasks; NaN where none was asked. */
    Spread taskAverage() {
      return Spread.of(tasks().stream().map(TaskFigures::average).toList());
    }

    Spread spread(ToDoubleFunction<Figures> figure) {
      return Spread.of(
          runs.stream().map(r -> figure.applyAsDouble(r.figures().orElseThrow())).toList());
    }

    /** What the group is compared by, nats. */
    Spread loss() {
      return spread(Figures::validLoss);
    }

    /** Measured, or as asked for where nothing ships that could be measured. */
    double activeShare() {
      double measured = spread(f -> f.measured().activeFfn()).mean();
      return Double.isNaN(measured) ? target : measured;
    }

    double routerShare() {
      return spread(Figures::routerShare).mean();
    }

    /** {@link Shares#allIn}, measured; NaN where nothing ships, or it was not measured then. */
    double cost() {
      return spread(f -> f.measured().allIn()).mean();
    }

    private boolean targetIsAllIn() {
      Recipe recipe = runs.getFirst().run().recipe();
      return !Double.isNaN(cost()) && Methods.provider(recipe).targetIsAllIn(recipe);
    }

    /** Whether it uses what it was asked to use, to within a point. */
    boolean meetsTarget() {
      return Math.abs((targetIsAllIn() ? cost() : activeShare()) - target) <= POINT;
    }

    boolean trained() {
      return tokens() > 0;
    }

    /** Input tokens that each of its runs trained on. */
    long tokens() {
      return runs.getFirst().run().tokens();
    }

    boolean measuredByEngine() {
      return runs.stream().allMatch(r -> r.figures().orElseThrow().ships());
    }
  }

  Comparison {
    groups = List.copyOf(groups);
  }

  static Comparison of(List<RunResult> results) {
    Map<String, List<RunResult>> byThing = new LinkedHashMap<>();
    for (RunResult result : results) {
      String thing = result.run().label() + '\0' + result.run().target();
      byThing.computeIfAbsent(thing, _ -> new ArrayList<>()).add(result);
    }
    List<Group> groups = new ArrayList<>();
    for (List<RunResult> all : byThing.values()) {
      Map<String, RunResult> distinct = new LinkedHashMap<>();
      all.forEach(r -> distinct.putIfAbsent(r.run().hash(), r));
      List<RunResult> done =
          distinct.values().stream().filter(r -> r.status() == RunResult.Status.DONE).toList();
      if (!done.isEmpty()) {
        PlannedRun run = done.getFirst().run();
        groups.add(new Group(run.label(), run.target(), run.reference(), distinct.size(), done));
      }
    }
    // Training-free runs may stand beside those of one budget.
    long budgets =
        results.stream().mapToLong(r -> r.run().tokens()).filter(n -> n > 0).distinct().count();
    return new Comparison(groups, budgets > 1);
  }

  /** What runs must have in common to be compared: their tokens where these differ, else 0. */
  long budget(Group group) {
    return tokensDiffer ? group.tokens() : 0;
  }

  /** Mean loss of the reference of a run, nats; NaN where there is none or it is not done. */
  double referenceLoss(PlannedRun run) {
    return groups.stream()
        .filter(Group::reference)
        .filter(group -> !tokensDiffer || group.tokens() == run.tokens())
        .findFirst()
        .map(group -> group.loss().mean())
        .orElse(Double.NaN);
  }

  /** Perplexity over the reference's, minus 1: 0.05 is five percent worse. */
  Spread overReference(Group group) {
    double reference = referenceLoss(group.runs().getFirst().run());
    return group.spread(f -> Math.exp(f.validLoss() - reference) - 1);
  }

  /**
   * By tokens where they differ; in them the reference first, then the largest target first, in it
   * the best first.
   */
  List<Group> byTarget() {
    return groups.stream()
        .sorted(
            Comparator.comparingLong(this::budget)
                .thenComparing(Comparator.comparing(Group::reference).reversed())
                .thenComparingLong(g -> -Math.round(g.target() / POINT))
                .thenComparingDouble(g -> g.loss().mean()))
        .toList();
  }

  /** Those whose whole cost is known, by tokens where they differ, in them the cheapest first. */
  List<Group> byCost() {
    return groups.stream()
        .filter(g -> !Double.isNaN(g.cost()))
        .sorted(
            Comparator.comparingLong(this::budget)
                .thenComparingDouble(Group::cost)
                .thenComparingDouble(g -> g.loss().mean()))
        .toList();
  }

  /** Pareto-optimal: nothing is better in one of cost and loss and as good in the other. */
  boolean onFront(Group group, ToDoubleFunction<Group> cost) {
    double itsCost = cost.applyAsDouble(group);
    double itsLoss = group.loss().mean();
    return groups.stream()
        .filter(other -> budget(other) == budget(group))
        .noneMatch(
            other -> {
              double c = cost.applyAsDouble(other);
              double loss = other.loss().mean();
              return c <= itsCost && loss <= itsLoss && (c < itsCost || loss < itsLoss);
            });
  }
}
