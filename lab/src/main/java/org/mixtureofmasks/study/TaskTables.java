package org.mixtureofmasks.study;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.mixtureofmasks.report.Grid;
import org.mixtureofmasks.study.Comparison.Group;
import org.mixtureofmasks.study.Comparison.Spread;
import org.mixtureofmasks.study.TaskFigures.Score;

/**
 * The tables of a study's tasks and texts, the dense model as it is in the first row.
 *
 * @param dense the dense model's own answers
 */
record TaskTables(Comparison comparison, BesideDense dense) {
  private static final String TASKS =
      "Tasks: the leading metric of each, a group once, in percent (perplexities as they are), mean"
          + " ± sample deviation over seeds; the average of accuracies ± its standard error over"
          + " documents, and its difference to the dense model with the 95 % interval of a paired"
          + " bootstrap, means over seeds. Retention is the average over the dense model's; above"
          + " chance: after what guessing gives was taken off both.";

  private static final String TEXTS =
      "Texts: perplexity of the tokens and in brackets that over the dense model's, mean ± sample"
          + " deviation over seeds.";

  private static final String DENSE = "the dense model as it is";
  private static final String ASKED = "FFN asked for";

  /** A table and what it says about itself. */
  record Noted(String note, Grid grid) {}

  /** Those that the study asks for and that have rows. */
  List<Noted> all() {
    List<Noted> tables = new ArrayList<>();
    if (dense.tasks().isPresent()) {
      tables.add(new Noted(TASKS, tasks(dense.tasks().get())));
    }
    if (!dense.texts().isEmpty()) {
      tables.add(new Noted(TEXTS, texts()));
    }
    return tables;
  }

  private Grid tasks(TaskFigures ofDense) {
    List<Score> columns = ofDense.scores();
    List<String> header = new ArrayList<>(Tables.header(comparison, ASKED));
    columns.forEach(score -> header.add(score.name()));
    header.addAll(
        List.of("average", "over dense, points", "retention", "without BoolQ", "above chance"));
    Grid grid = new Grid(header);
    grid.row(row(head(DENSE), columns, List.of(ofDense)));
    for (Group group : comparison.byTarget()) {
      if (!group.tasks().isEmpty()) {
        grid.row(row(head(group), columns, group.tasks()));
      }
    }
    return grid;
  }

  private List<String> head(String name) {
    return comparison.tokensDiffer() ? List.of(name, "", "") : List.of(name, "");
  }

  private List<String> head(Group group) {
    return Tables.row(comparison, group, Tables.percent(group.target()));
  }

  private static List<String> row(
      List<String> head, List<Score> columns, List<TaskFigures> figures) {
    List<String> row = new ArrayList<>(head);
    for (int i = 0; i < columns.size(); i++) {
      int task = i;
      boolean share = columns.get(i).isShare();
      row.add(
          spread(figures, f -> f.scores().get(task).value() * (share ? 100 : 1), share ? 1 : 3));
    }
    double average = mean(figures, TaskFigures::average);
    row.add(
        Double.isNaN(average)
            ? ""
            : Tables.decimals(100 * average, 2)
                + " ± "
                + Tables.decimals(100 * mean(figures, TaskFigures::averageError), 2));
    row.add(difference(figures));
    row.add(spread(figures, f -> 100 * f.retention(), 1));
    row.add(spread(figures, f -> 100 * f.retentionWithoutBoolq(), 1));
    row.add(spread(figures, f -> 100 * f.retentionAboveChance(), 1));
    return row;
  }

  /** Such as "-1.20 [-2.31, -0.08]". */
  private static String difference(List<TaskFigures> figures) {
    double value = mean(figures, f -> f.average() - f.denseAverage());
    return Double.isNaN(value)
        ? ""
        : "%s [%s, %s]"
            .formatted(
                Tables.signed(100 * value, 2),
                Tables.signed(100 * mean(figures, f -> f.difference().low()), 2),
                Tables.signed(100 * mean(figures, f -> f.difference().high()), 2));
  }

  private Grid texts() {
    List<String> header = new ArrayList<>(Tables.header(comparison, ASKED));
    dense.texts().forEach(text -> header.add(text.name()));
    Grid grid = new Grid(header);
    grid.row(row(head(DENSE), List.of(dense)));
    for (Group group : comparison.byTarget()) {
      List<BesideDense> asked =
          group.runs().stream().map(RunResult::beside).filter(b -> !b.texts().isEmpty()).toList();
      if (!asked.isEmpty()) {
        grid.row(row(head(group), asked));
      }
    }
    return grid;
  }

  private static List<String> row(List<String> head, List<BesideDense> figures) {
    List<String> row = new ArrayList<>(head);
    for (int i = 0; i < figures.getFirst().texts().size(); i++) {
      int text = i;
      row.add(
          "%s (%s)"
              .formatted(
                  spread(figures, f -> f.texts().get(text).perplexity(), 3),
                  spread(figures, f -> f.texts().get(text).overDense(), 3)));
    }
    return row;
  }

  private static <T> String spread(List<T> of, ToDoubleFunction<T> figure, int digits) {
    return Tables.spread(Spread.of(of.stream().map(figure::applyAsDouble).toList()), digits);
  }

  private static double mean(List<TaskFigures> of, ToDoubleFunction<TaskFigures> figure) {
    return of.stream().mapToDouble(figure).average().orElse(Double.NaN);
  }
}
