package org.mixtureofmasks.report;

import org.mixtureofmasks.report.ReportFigure.Kind;

/** How far the layers of any sparse model are from the dense one's. */
final class ErrorChart {
  private ErrorChart() {}

  static String html(ReportData d) {
    return !d.everyLayerHas("/output_error/relative_squared")
        ? ""
        : LayerFigure.html(
            d,
            new ReportFigure(
                    Kind.BARS,
                    "error-by-layer",
                    "Error of the FFN's output by layer",
                    "Mean squared difference from the dense model's FFN on the same inputs, over"
                        + " the mean square of the dense output.")
                .axes("layer", "relative squared error", "%"),
            LayerFigure.columns("relative squared error", "/output_error/relative_squared"),
            ReportText::percentCell);
  }
}
