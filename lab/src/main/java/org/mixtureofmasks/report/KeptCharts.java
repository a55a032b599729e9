package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.mixtureofmasks.report.ReportFigure.Kind;

/** How much tokens with masks of their own keep: by layer, position and data set. */
final class KeptCharts {
  private KeptCharts() {}

  static String byLayer(ReportData d) {
    return "<div class=\"pair\">\n"
        + shares(d, "neurons", "Share of the layer's neurons that a token keeps")
        + shares(d, "inputs", "Share of the layer's inputs that a token keeps")
        + "</div>\n"
        + histogram(d)
        + "<div class=\"pair\">\n"
        + LayerFigure.html(
            d,
            new ReportFigure(
                    Kind.LINES,
                    "kept-calibrated",
                    "Kept here and on the text of the calibration",
                    "Mean over the tokens, and the mean that the model's folder tells of the text"
                        + " that its thresholds were set on.")
                .axes("layer", "share", "%"),
            LayerFigure.columns(
                "neurons", "/kept_neurons/mean",
                "neurons, calibrated", "/kept_neurons/calibrated",
                "inputs", "/kept_inputs/mean",
                "inputs, calibrated", "/kept_inputs/calibrated"),
            ReportText::percentCell)
        + LayerFigure.html(
            d,
            new ReportFigure(
                    Kind.BARS,
                    "active-by-layer",
                    "Share of the layer's weights that a token uses",
                    "Measured on all tokens that were read; a preview is none of the weights.")
                .axes("layer", "share of weights", "%"),
            LayerFigure.columns("active share", "/active_share"),
            ReportText::percentCell)
        + "</div>\n";
  }

  private static String shares(ReportData d, String what, String title) {
    String at = "/kept_" + what + "/";
    return LayerFigure.html(
        d,
        new ReportFigure(
                Kind.LINES,
                "kept-" + what,
                title,
                "Over the tokens: mean, standard deviation, and the shares below which 5 %, half"
                    + " and 95 % of them are.")
            .axes("layer", "share of " + what, "%"),
        LayerFigure.columns(
            "mean", at + "mean",
            "standard deviation", at + "standard_deviation",
            "5th percentile", at + "p05",
            "median", at + "median",
            "95th percentile", at + "p95"),
        ReportText::percentCell);
  }

  private static String histogram(ReportData d) {
    int bins = d.layers().getFirst().path("share_histogram").size();
    List<String> names =
        IntStream.range(0, bins)
            .mapToObj(i -> "%s–%s".formatted(100 * i / bins, 100 * (i + 1) / bins))
            .toList();
    return new ReportFigure(
            Kind.HEATMAP,
            "kept-histogram",
            "Tokens by the share of the neurons that they keep",
            "Share of the tokens that keep so many percent of the layer's neurons.")
        .axes("share of neurons", "layer", "%")
        .frame("All layers", LayerFigure.matrix(d, "share_histogram", names))
        .html();
  }

  static String positions(ReportData d) {
    List<JsonNode> buckets = ReportData.list(d.at("positions"));
    List<double[]> rows =
        IntStream.range(0, d.layers().size())
            .mapToObj(
                l ->
                    buckets.stream()
                        .mapToDouble(bucket -> bucket.path("kept_neurons").path(l).asDouble())
                        .toArray())
            .toList();
    List<String> names = buckets.stream().map(KeptCharts::name).toList();
    return new ReportFigure(
            Kind.HEATMAP,
            "kept-by-position",
            "Share of the neurons that tokens at a position keep",
            "Mean over the tokens; position 0 is the first token of a text or row.")
        .axes("position", "layer", "%")
        .frame("All layers", LayerFigure.grid(d, rows, names))
        .html();
  }

  /** "4–15". */
  private static String name(JsonNode bucket) {
    String from = bucket.path("from").asText();
    String to = bucket.path("to").asText();
    return from.equals(to) ? from : from + "–" + to;
  }

  static String domains(ReportData d) {
    JsonNode domains = d.at("domains");
    if (domains.path("names").size() < 2) {
      return "";
    }
    List<String> names =
        ReportData.list(domains.path("names")).stream().map(JsonNode::asText).toList();
    return new ReportFigure(
            Kind.HEATMAP,
            "kept-by-domain",
            "Share that the tokens of a data set keep",
            "Mean over the tokens, of a layer's neurons or inputs.")
        .axes("data set", "layer", "%")
        .frame("Neurons", domain(d, domains.path("kept_neurons"), names))
        .frame("Inputs", domain(d, domains.path("kept_inputs"), names))
        .html();
  }

  private static Grid domain(ReportData d, JsonNode shares, List<String> names) {
    List<double[]> rows = new ArrayList<>();
    for (int l = 0; l < d.layers().size(); l++) {
      String what = ReportData.name(d.layers().get(l)) + "'s domains";
      rows.add(ReportData.numbers(shares.path(l), what, names.size()));
    }
    return LayerFigure.grid(d, rows, names);
  }
}
