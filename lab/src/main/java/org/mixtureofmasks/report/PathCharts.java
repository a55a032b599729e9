package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.report.ReportFigure.Kind;

/** Which experts of neighbouring layers go together, and the ways that tokens take. */
final class PathCharts {
  private PathCharts() {}

  static String html(ReportData d) {
    JsonNode paths = d.at("paths");
    List<JsonNode> pairs = ReportData.list(paths.path("pairs"));
    if (pairs.isEmpty() && paths.path("top").isEmpty()) {
      return "";
    }
    return (pairs.isEmpty() ? "" : pairs(d, pairs)) + top(paths);
  }

  private static String pairs(ReportData d, List<JsonNode> pairs) {
    ReportFigure joint =
        new ReportFigure(
                Kind.HEATMAP,
                "paths-joint",
                "Tokens by their experts in two neighbouring layers",
                "Rows: the expert of the first layer; columns: the expert of the next."
                    + d.shownNote())
            .axes("expert of the next layer", "expert", "%");
    boolean chance = pairs.stream().allMatch(pair -> pair.has("by_chance"));
    List<String> header = new ArrayList<>(List.of("layers", "mutual information"));
    if (chance) {
      header.add("by chance");
    }
    Grid information = new Grid(header);
    for (JsonNode pair : pairs) {
      int from = pair.path("from_layer").asInt();
      int to = pair.path("to_layer").asInt();
      joint.frame(
          "Layers " + from + " and " + to,
          MaskCharts.square(
              pair.path("joint"), d.shown(from), d.shown(to), "expert", ReportText::percentCell));
      List<String> row =
          new ArrayList<>(
              List.of(
                  from + "–" + to, ReportText.cell(pair.path("mutual_information").asDouble(), 3)));
      if (chance) {
        row.add(ReportText.cell(pair.path("by_chance").asDouble(), 3));
      }
      information.row(row);
    }
    return "<div class=\"pair\">\n"
        + joint.html()
        + new ReportFigure(
                Kind.BARS,
                "paths-information",
                "What a layer's expert says of the next layer's",
                "Mutual information of the two choices; 0: independent.")
            .axes("layers", "information", "nats")
            .frame("All layers", information)
            .html()
        + "</div>\n";
  }

  private static String top(JsonNode paths) {
    if (paths.path("top").isEmpty()) {
      return "";
    }
    Grid grid =
        new Grid(List.of("rank", "expert of each layer, first layer first", "share of tokens, %"));
    int rank = 0;
    for (JsonNode path : paths.path("top")) {
      List<String> experts = new ArrayList<>();
      path.path("experts").forEach(e -> experts.add(e.asText()));
      rank++;
      grid.row(
          List.of(
              Integer.toString(rank),
              String.join(" › ", experts),
              ReportText.percentCell(path.path("share").asDouble())));
    }
    return "<h3>The most frequent paths through all layers</h3>\n"
        + (paths.has("distinct") ? ReportText.paragraph(count(paths)) : "")
        + "<div class=\"paths\">\n"
        + grid.html("The most frequent paths through all layers")
        + "</div>\n";
  }

  /** How many paths there are. */
  static String count(JsonNode paths) {
    return "The tokens take "
        + ReportText.count(paths.path("distinct").asLong(), "different path")
        + (paths.has("entropy")
            ? " (entropy " + ReportText.decimals(paths.path("entropy").asDouble(), 2) + " nats)"
            : "")
        + ".";
  }
}
