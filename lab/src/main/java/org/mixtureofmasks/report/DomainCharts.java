package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.report.ReportFigure.Kind;

/** Experts and what the text is about: data sets, and the subjects of MMLU (Fig. 6 (b)). */
final class DomainCharts {
  /** Groups in the order of the paper's figure, and how they are written. */
  private static final List<String> GROUPS =
      List.of("stem", "humanities", "social_sciences", "other");

  private static final List<String> GROUP_NAMES =
      List.of("STEM", "humanities", "social sciences", "other");

  private DomainCharts() {}

  static String domains(ReportData d) {
    JsonNode shares = d.at("domains").path("token_share");
    if (shares.isEmpty()) {
      return "";
    }
    List<String> header = new ArrayList<>(List.of("expert"));
    d.at("domains").path("names").forEach(name -> header.add(name.asText()));
    ReportFigure figure =
        new ReportFigure(
                Kind.HEATMAP,
                "domains-by-layer",
                "Share of a data set's tokens that choose an expert",
                "A row of one colour: an expert of no data set in particular." + d.shownNote())
            .axes("data set", "expert", "%");
    for (int l = 0; l < d.layers().size(); l++) {
      JsonNode layer = d.layers().get(l);
      Grid grid = new Grid(header);
      for (int e : d.shown(layer.path("layer").asInt())) {
        double[] row =
            ReportData.numbers(
                shares.path(l).path(e),
                ReportData.name(layer) + "'s domains of expert " + e,
                header.size() - 1);
        List<String> cells = new ArrayList<>(List.of(Integer.toString(e)));
        for (double share : row) {
          cells.add(ReportText.percentCell(share));
        }
        grid.row(cells);
      }
      figure.frame(ReportData.name(layer), grid);
    }
    return figure.html();
  }

  static String subjects(ReportData d) {
    JsonNode s = d.at("subjects");
    if (s.path("names").isEmpty()) {
      return "";
    }
    List<Integer> order =
        IntStream.range(0, s.path("names").size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> group(s, i)))
            .toList();
    List<String> header = new ArrayList<>(List.of("subject"));
    order.forEach(i -> header.add(subject(s, i)));
    Grid grid = new Grid(header);
    for (int i : order) {
      List<String> cells = new ArrayList<>(List.of(subject(s, i)));
      order.forEach(
          j -> cells.add(ReportText.cell(s.path("cosine").path(i).path(j).asDouble(), 3)));
      grid.row(cells);
    }
    return new ReportFigure(
            Kind.HEATMAP,
            "subjects-cosine",
            "Similarity of the routing of MMLU subjects",
            "Cosine of the subjects' vectors of expert shares, all layers together. "
                + verdict(s)
                + " Lines are the borders of the groups.")
        .axes("subject", "subject", "")
        .set("groups", groups(s, order))
        .frame("All layers", grid)
        .html();
  }

  /** What the heatmap shows, in figures. */
  static String verdict(JsonNode s) {
    return "Mean within a group "
        + ReportText.decimals(s.path("within_mean").asDouble(), 4)
        + ", between groups "
        + ReportText.decimals(s.path("between_mean").asDouble(), 4)
        + "; p = "
        + ReportText.cell(s.path("p_value").asDouble(), 4)
        + " over "
        + ReportText.count(s.path("permutations").asLong())
        + " permutations of the groups (seed "
        + s.path("seed").asLong()
        + ").";
  }

  private static String subject(JsonNode s, int i) {
    return s.path("names").path(i).asText().replace('_', ' ');
  }

  private static int group(JsonNode s, int i) {
    int known = GROUPS.indexOf(s.path("groups").path(i).asText());
    return known < 0 ? GROUPS.size() - 1 : known;
  }

  /** [["STEM", 18], ...]: the groups in order with their sizes. */
  private static String groups(JsonNode s, List<Integer> order) {
    ArrayNode groups = Json.array();
    for (int g = 0; g < GROUPS.size(); g++) {
      int wanted = g;
      long size = order.stream().filter(i -> group(s, i) == wanted).count();
      if (size > 0) {
        groups.addArray().add(GROUP_NAMES.get(g)).add(size);
      }
    }
    return Json.line(groups);
  }
}
