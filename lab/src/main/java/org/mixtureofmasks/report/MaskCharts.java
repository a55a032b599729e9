package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.mixtureofmasks.report.ReportFigure.Kind;

/** How the masks of a layer lie over each other: Fig. 6 (a) of the paper, and pairs of masks. */
final class MaskCharts {
  /** Up to this many experts every number of hits has a colour of its own. */
  private static final int EACH = 16;

  /** Otherwise the numbers between none and all are taken together in this many ranges. */
  private static final int RANGES = 8;

  private MaskCharts() {}

  /** Numbers of hits, both ends included. */
  record Bin(int from, int to) {
    String label(int experts) {
      if (from == 0) {
        return "0 (pruned)";
      }
      return from == experts
          ? experts + " (shared by all)"
          : from == to ? Integer.toString(from) : from + "–" + to;
    }
  }

  static String hits(ReportData d) {
    int experts = d.experts();
    List<double[]> hits = d.rows("hits", experts + 1);
    List<Bin> bins = bins(experts);
    List<String> header = new ArrayList<>(List.of("layer"));
    bins.forEach(bin -> header.add(bin.label(experts)));
    Grid grid = new Grid(header);
    for (int l = 0; l < hits.size(); l++) {
      double[] row = hits.get(l);
      List<String> cells = new ArrayList<>(List.of(d.layers().get(l).path("layer").asText()));
      for (Bin bin : bins) {
        cells.add(
            Long.toString(
                (long) IntStream.rangeClosed(bin.from(), bin.to()).mapToDouble(h -> row[h]).sum()));
      }
      grid.row(cells);
    }
    return new ReportFigure(
            Kind.STACKED,
            "hits-by-layer",
            "Neurons by the number of experts that hold them",
            "Held by no expert: pruned. Held by all: shared, outside the routing. Between: what the"
                + " router chooses.")
        .axes("layer", "neurons", "neurons")
        .frame("All layers", grid)
        .html();
  }

  static List<Bin> bins(int experts) {
    List<Bin> bins = new ArrayList<>(List.of(new Bin(0, 0)));
    int between = experts - 1;
    int ranges = experts <= EACH ? between : RANGES;
    for (int i = 0; i < ranges; i++) {
      bins.add(new Bin(1 + i * between / ranges, (i + 1) * between / ranges));
    }
    bins.add(new Bin(experts, experts));
    return bins;
  }

  static String overlap(ReportData d) {
    if (!d.everyLayerHas("/jaccard")) {
      return "";
    }
    ReportFigure figure =
        new ReportFigure(
                Kind.HEATMAP,
                "overlap-by-layer",
                "Overlap of two experts' masks",
                "Jaccard index: neurons that both hold over neurons that either holds; 1 for equal"
                    + " masks."
                    + d.shownNote())
            .axes("expert", "expert", "")
            .range(0, 1);
    for (JsonNode layer : d.layers()) {
      List<Integer> shown = d.shown(layer.path("layer").asInt());
      figure.frame(
          ReportData.name(layer),
          square(layer.path("jaccard"), shown, shown, "expert", v -> ReportText.cell(v, 3)));
    }
    return figure.html();
  }

  /** Chosen rows and columns of a matrix. */
  static Grid square(
      JsonNode matrix,
      List<Integer> rows,
      List<Integer> columns,
      String corner,
      java.util.function.DoubleFunction<String> cell) {
    List<String> header = new ArrayList<>(List.of(corner));
    columns.forEach(c -> header.add(c.toString()));
    Grid grid = new Grid(header);
    for (int r : rows) {
      List<String> cells = new ArrayList<>(List.of(Integer.toString(r)));
      columns.forEach(c -> cells.add(cell.apply(matrix.path(r).path(c).asDouble())));
      grid.row(cells);
    }
    return grid;
  }
}
