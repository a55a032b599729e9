package org.mixtureofmasks.report;

import java.util.List;
import org.mixtureofmasks.report.ReportFigure.Kind;

/** How often neurons are active where each token has a mask of its own. */
final class NeuronCharts {
  /** Names of the bins of frequency_histogram. */
  private static final List<String> BINS =
      List.of(
          "no token (redundant)",
          "up to 1 %",
          "up to 10 %",
          "up to 50 %",
          "up to 90 %",
          "up to 99 %",
          "over 99 % (shared)");

  /** The last one. */
  static final int ALWAYS = BINS.size() - 1;

  private NeuronCharts() {}

  static String frequency(ReportData d) {
    return new ReportFigure(
            Kind.STACKED,
            "neurons-by-frequency",
            "Neurons by the share of tokens that they are active for",
            "At one end those that a token never needs, at the other those that every token reads:"
                + " they could be pruned, or shared without a choice.")
        .axes("layer", "neurons", "%")
        .frame("All layers", LayerFigure.matrix(d, "frequency_histogram", BINS))
        .html();
  }

  static String neighbours(ReportData d) {
    return !d.everyLayerHas("/neighbour_overlap")
        ? ""
        : LayerFigure.html(
            d,
            new ReportFigure(
                    Kind.LINES,
                    "neighbour-overlap",
                    "Overlap of the neurons of two tokens in a row",
                    "Jaccard index: neurons that both keep over neurons that either keeps. By"
                        + " chance: what tokens would share that choose independently, each neuron"
                        + " as often as it is active.")
                .axes("layer", "Jaccard index", ""),
            LayerFigure.columns(
                "two tokens in a row",
                "/neighbour_overlap/mean",
                "by chance",
                "/neighbour_overlap/by_chance"),
            LayerFigure::plain);
  }
}
