package org.mixtureofmasks.report;

import java.util.Map;
import org.mixtureofmasks.report.ReportFigure.Kind;

/** How sure the router is, how evenly it spreads the tokens, what its choice tells. */
final class RouterCharts {
  private RouterCharts() {}

  static String confidence(ReportData d) {
    if (!d.everyLayerHas("/entropy/mean") || !d.everyLayerHas("/margin/mean")) {
      return "";
    }
    return "<div class=\"pair\">\n"
        + LayerFigure.html(
            d,
            new ReportFigure(
                    Kind.LINES,
                    "router-entropy",
                    "Entropy of the router by layer",
                    "0: every token has one expert for certain; the largest possible: the router"
                        + " cannot tell. The entropy of the load is that of the choices of all"
                        + " tokens.")
                .axes("layer", "entropy", "nats"),
            LayerFigure.columns(
                "mean over tokens", "/entropy/mean",
                "load", "/load_entropy",
                "largest possible", "/entropy/max_possible"),
            LayerFigure::plain)
        + LayerFigure.html(
            d,
            new ReportFigure(
                    Kind.LINES,
                    "router-margin",
                    "Margin of the router by layer",
                    "Difference between the probabilities of the best and the second expert.")
                .axes("layer", "margin", ""),
            LayerFigure.columns(
                "mean",
                "/margin/mean",
                "median",
                "/margin/median",
                "5th percentile",
                "/margin/p05"),
            LayerFigure::plain)
        + "</div>\n";
  }

  static String load(ReportData d) {
    if (!d.everyLayerHas("/load_cv")) {
      return "";
    }
    return "<div class=\"pair\">\n"
        + LayerFigure.html(
            d,
            new ReportFigure(
                    Kind.LINES,
                    "load-by-layer",
                    "Balance of the load by layer",
                    "Coefficient of variation of the experts' shares (0: all alike), and the most"
                        + " used expert over the mean (1: all alike).")
                .axes("layer", "ratio", ""),
            LayerFigure.columns(
                "coefficient of variation", "/load_cv",
                "most used over mean", "/load_max_over_mean"),
            LayerFigure::plain)
        + (d.everyLayerHas("/active_share")
            ? LayerFigure.html(
                d,
                new ReportFigure(
                        Kind.BARS,
                        "active-by-layer",
                        "Share of the layer's neurons that a token uses",
                        "Measured on the choices of the tokens, shared neurons included.")
                    .axes("layer", "share of neurons", "%"),
                LayerFigure.columns("active share", "/active_share"),
                ReportText::percentCell)
            : "")
        + "</div>\n";
  }

  static String information(ReportData d) {
    Map<String, String> columns =
        LayerFigure.columns(
            "of the token", "/mutual_information/token",
            "of the token, by chance", "/mutual_information/token_by_chance",
            "of the data set", "/mutual_information/domain",
            "of the data set, by chance", "/mutual_information/domain_by_chance");
    columns.values().removeIf(pointer -> !d.everyLayerHas(pointer));
    return columns.isEmpty()
        ? ""
        : LayerFigure.html(
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
            LayerFigure::plain);
  }
}
