package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;

/** Figures of a few numbers of each layer. */
final class LayerFigure {
  private LayerFigure() {}

  /** Names of columns and where a layer has their number, in turn. */
  static Map<String, String> columns(String... namesAndPointers) {
    Map<String, String> columns = new LinkedHashMap<>();
    for (int i = 0; i < namesAndPointers.length; i += 2) {
      columns.put(namesAndPointers[i], namesAndPointers[i + 1]);
    }
    return columns;
  }

  /** Layers down or across, a column for each number. */
  static String html(
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

  /** A number of no unit as a cell. */
  static String plain(double value) {
    return ReportText.cell(value, 3);
  }

  /** Layers down, one of their arrays across, in percent. */
  static Grid matrix(ReportData d, String key, List<String> columns) {
    return grid(d, d.rows(key, columns.size()), columns);
  }

  /**
   * Layers down, in percent.
   *
   * @param rows by layer: as many numbers as columns
   */
  static Grid grid(ReportData d, List<double[]> rows, List<String> columns) {
    List<String> header = new ArrayList<>(List.of("layer"));
    header.addAll(columns);
    Grid grid = new Grid(header);
    for (int l = 0; l < rows.size(); l++) {
      List<String> row = new ArrayList<>(List.of(d.layers().get(l).path("layer").asText()));
      Arrays.stream(rows.get(l)).mapToObj(ReportText::percentCell).forEach(row::add);
      grid.row(row);
    }
    return grid;
  }
}
