package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import org.mixtureofmasks.report.ReportFigure.Kind;

/** How sure the router is, how evenly it spreads the tokens, what its choice tells. */
final class RouterCharts {
  private RouterCharts() {}

  static String confidence(ReportData d) {
    if (!d.everyLayerHas("/entropy/mean") || !d.everyLayerHas("/margin/mean")) {
      return "";
    }
    return "<div class=\"pair\">\n"
        + byLayer(
            d,
            new ReportFigure(
                    Kind.LINES,
                    "router-entropy",
                    "Entropy of the router by layer",
                    "0: every token has one expert for certain; the largest possible: the router"
                        + " cannot tell. The entropy of the load is that of the choices of all tokens.")
                .axes("layer", "entropy", "nats"),
            columns(
                "mean over tokens", "/entropy/mean",
                "load", "/load_entropy",
                "largest possible", "/entropy/max_possible"),
            RouterCharts::plain)
        + byLayer(
            d,
            new ReportFigure(
                    Kind.LINES,
                    "router-margin",
                    "Margin of the router by layer",
                    "Difference between the probabilities of the best and the second expert.")
                .axes("layer", "margin", ""),
            columns(
                "mean",
                "/margin/mean",
                "median",
                "/margin/median",
                "5th percentile",
                "/margin/p05"),
            RouterCharts::plain)
        + "</div>\n";
  }

  static String load(ReportData d) {
    if (!d.everyLayerHas("/load_cv")) {
      return "";
    }
    return "<div class=\"pair\">\n"
        + byLayer(
            d,
            new ReportFigure(
                    Kind.LINES,
                    "load-by-layer",
                    "Balance of the load by layer",
                    "Coefficient of variation of the experts' shares (0: all alike), and the most"
                        + " used expert over the mean (1: all alike).")
                .axes("layer", "ratio", ""),
            columns(
                "coefficient of variation", "/load_cv",
                "most used over mean", "/load_max_over_mean"),
            RouterCharts::plain)
        + (d.everyLayerHas("/active_share")
            ? byLayer(
                d,
                new ReportFigure(
                        Kind.BARS,
                        "active-by-layer",
                        "Share of the layer's neurons that a token uses",
                        "Measured on the choices of the tokens, shared neurons included.")
                    .axes("layer", "share of neurons", "%"),
                columns("active share", "/active_share"),
                ReportText::percentCell)
            : "")
        + "</div>\n";
  }

  static String information(ReportData d) {
    Map<String, String> columns =
        columns(
            "of the token", "/mutual_information/token",
            "of the token, by chance", "/mutual_information/token_by_chance",
            "of the data set", "/mutual_information/domain",
            "of the data set, by chance", "/mutual_information/domain_by_chance");
    columns.values().removeIf(pointer -> !d.everyLayerHas(pointer));
    return columns.isEmpty()
        ? ""
        : byLayer(
            d,
            new ReportFigure(
                    Kind.LINES,
                    "information-by-layer",
                    "Mutual information of the expert, by layer",
                    "How much the chosen expert says of the token's id and of the data set that it"
                        + " comes from; 0: nothing; ln E = "
                        + ReportText.decimals(Math.log(d.experts()), 3)
                        + ": as much as it can. By chance: what independent choices would show on"
                        + " as few tokens.")
                .axes("layer", "information", "nats"),
            columns,
            RouterCharts::plain);
  }

  static String outputError(ReportData d) {
    return !d.everyLayerHas("/output_error/relative_squared")
        ? ""
        : byLayer(
            d,
            new ReportFigure(
                    Kind.BARS,
                    "error-by-layer",
                    "Error of the FFN's output by layer",
                    "Mean squared difference from the dense model's FFN on the same inputs, over"
                        + " the mean square of the dense output.")
                .axes("layer", "relative squared error", "%"),
            columns("relative squared error", "/output_error/relative_squared"),
            ReportText::percentCell);
  }

  /** Names of columns and where a layer has their number, in turn. */
  private static Map<String, String> columns(String... namesAndPointers) {
    Map<String, String> columns = new LinkedHashMap<>();
    for (int i = 0; i < namesAndPointers.length; i += 2) {
      columns.put(namesAndPointers[i], namesAndPointers[i + 1]);
    }
    return columns;
  }

  private static String byLayer(
      ReportData d, ReportFigure figure, Map<String, String> columns, DoubleFunction<String> cell) {
    List<String> header = new ArrayList<>(List.of("layer"));
    header.addAll(columns.keySet());
    Grid grid = new Grid(header);
    for (JsonNode layer : d.layers()) {
      List<String> row = new ArrayList<>(List.of(layer.path("layer").asText()));
      for (String pointer : columns.values()) {
        JsonNode value = layer.at(pointer);
        row.add(value.isMissingNode() ? "" : cell.apply(value.asDouble()));
      }
      grid.row(row);
    }
    return figure.frame("All layers", grid).html();
  }

  private static String plain(double value) {
    return ReportText.cell(value, 3);
  }
}
