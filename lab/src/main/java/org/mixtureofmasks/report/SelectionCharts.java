package org.mixtureofmasks.report;

import java.util.List;
import java.util.stream.DoubleStream;
import org.mixtureofmasks.report.ReportFigure.Kind;

/** Which experts are chosen and how large they are, layer by layer: Fig. 5 of the paper. */
final class SelectionCharts {
  private SelectionCharts() {}

  static String html(ReportData d) {
    int experts = d.experts();
    List<double[]> tokens = d.rows("token_share", experts);
    List<double[]> neurons = d.rows("neuron_share", experts);
    String spread =
        "The most used expert of a layer takes "
            + span(tokens)
            + " of its choices; equal use would be "
            + ReportText.percent(1.0 / experts)
            + ".";
    ReportFigure byLayer =
        new ReportFigure(
                Kind.BARS,
                "selection-by-layer",
                "Use and size of the experts of one layer",
                "Beside each other: how often an expert is chosen and how many neurons it holds.")
            .axes("expert", "share", "%");
    for (int l = 0; l < tokens.size(); l++) {
      Grid grid = new Grid(List.of("expert", "share of tokens", "share of neurons"));
      for (int e = 0; e < experts; e++) {
        grid.row(
            List.of(
                Integer.toString(e),
                ReportText.percentCell(tokens.get(l)[e]),
                ReportText.percentCell(neurons.get(l)[e])));
      }
      byLayer.frame(ReportData.name(d.layers().get(l)), grid);
    }
    return "<div class=\"pair\">\n"
        + overview(d, "selection-tokens", "Share of tokens that choose an expert", spread, tokens)
        + overview(
            d,
            "selection-neurons",
            "Share of the layer's neurons that an expert holds",
            "Masks may overlap, so the shares of a layer may sum to more than all.",
            neurons)
        + "</div>\n"
        + byLayer.html();
  }

  private static String overview(
      ReportData d, String id, String title, String note, List<double[]> shares) {
    return new ReportFigure(Kind.HEATMAP, id, title, note)
        .axes("expert", "layer", "%")
        .frame("All layers", LayerFigure.grid(d, shares, ReportData.range(0, d.experts())))
        .html();
  }

  /** "20.1 % to 45.0 %": the largest of each row. */
  private static String span(List<double[]> rows) {
    double[] largest =
        rows.stream().mapToDouble(r -> DoubleStream.of(r).max().orElseThrow()).sorted().toArray();
    return ReportText.percent(largest[0])
        + (largest.length == 1 ? "" : " to " + ReportText.percent(largest[largest.length - 1]));
  }
}
