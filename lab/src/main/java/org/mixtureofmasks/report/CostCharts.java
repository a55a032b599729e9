package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.mixtureofmasks.report.ReportFigure.Kind;

/** What removing an expert costs, and how the masks changed while they were trained. */
final class CostCharts {
  private CostCharts() {}

  static String removal(ReportData d) {
    List<JsonNode> removed = ReportData.list(d.at("removal").path("experts"));
    if (removed.isEmpty()) {
      return "";
    }
    Map<Integer, Map<Integer, Double>> increases = new TreeMap<>();
    TreeSet<Integer> experts = new TreeSet<>();
    for (JsonNode one : removed) {
      int expert = one.path("expert").asInt();
      experts.add(expert);
      increases
          .computeIfAbsent(one.path("layer").asInt(), l -> new TreeMap<>())
          .put(expert, one.path("loss_increase").asDouble());
    }
    List<String> header = new ArrayList<>(List.of("layer"));
    experts.forEach(e -> header.add(e.toString()));
    Grid grid = new Grid(header);
    increases.forEach(
        (layer, row) -> {
          List<String> cells = new ArrayList<>(List.of(layer.toString()));
          for (int e : experts) {
            cells.add(row.containsKey(e) ? ReportText.cell(row.get(e), 4) : "");
          }
          grid.row(cells);
        });
    return new ReportFigure(
            Kind.DIVERGING,
            "removal-cost",
            "Increase of the loss when an expert cannot be chosen",
            "One expert of one layer at a time; its tokens take their next best. Below 0: the loss"
                + " falls. Loss of the whole model "
                + ReportText.decimals(d.at("removal").path("base_loss").asDouble(), 4)
                + " nats a token over "
                + ReportText.count(d.at("removal").path("tokens").asLong(), "token")
                + "."
                + PreferenceTables.leftOut(d.at("removal").path("experts_left_out").asLong()))
        .axes("expert", "layer", "nats")
        .frame("All layers", grid)
        .html();
  }

  static String history(ReportData d) {
    List<JsonNode> steps = ReportData.list(d.at("history"));
    if (steps.isEmpty()) {
      return "";
    }
    return "<div class=\"pair\">\n"
        + overSteps(
            steps,
            "density",
            new ReportFigure(
                Kind.HEATMAP,
                "history-density",
                "Open entries of the masks over training",
                "Share of a layer's mask entries that are open at a checkpoint."))
        + overSteps(
            steps,
            "changed_share",
            new ReportFigure(
                Kind.HEATMAP,
                "history-changes",
                "Changes of the masks over training",
                "Share of a layer's mask entries that differ from the checkpoint before."))
        + "</div>\n";
  }

  /** Layers down, steps across. */
  private static String overSteps(List<JsonNode> steps, String key, ReportFigure figure) {
    Map<Integer, Map<Long, String>> cells = new TreeMap<>();
    TreeSet<Long> columns = new TreeSet<>();
    for (JsonNode step : steps) {
      for (JsonNode layer : step.path("layers")) {
        if (layer.has(key)) {
          long number = step.path("step").asLong();
          columns.add(number);
          cells
              .computeIfAbsent(layer.path("layer").asInt(), l -> new TreeMap<>())
              .put(number, ReportText.percentCell(layer.path(key).asDouble()));
        }
      }
    }
    if (columns.isEmpty()) {
      return "";
    }
    List<String> header = new ArrayList<>(List.of("layer"));
    columns.forEach(step -> header.add(step.toString()));
    Grid grid = new Grid(header);
    cells.forEach(
        (layer, row) -> {
          List<String> line = new ArrayList<>(List.of(layer.toString()));
          columns.forEach(step -> line.add(row.getOrDefault(step, "")));
          grid.row(line);
        });
    return figure.axes("step", "layer", "%").frame("All layers", grid).html();
  }
}
