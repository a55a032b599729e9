package org.mixtureofmasks.study;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Json;

/**
 * What metrics.jsonl tells of a run.
 *
 * @param loss training loss, nats, over tokens
 * @param density share of open gates over tokens; empty for a method without masks
 * @param before validation loss before the first step; NaN if it was not taken
 * @param after validation loss after the last step; NaN if it was not taken
 * @param seconds of the training steps, interruptions and validation not counted
 */
record Curve(
    List<Chart.Point> loss,
    List<Chart.Point> density,
    double before,
    double after,
    double seconds) {
  /** Points that a curve of a figure keeps. */
  private static final int POINTS = 60;

  Curve {
    loss = List.copyOf(loss);
    density = List.copyOf(density);
  }

  /**
   * Reads a run's metrics.
   *
   * @throws UserError if the file cannot be read
   */
  static Curve read(Path metrics) {
    List<Chart.Point> loss = new ArrayList<>();
    List<Chart.Point> density = new ArrayList<>();
    double before = Double.NaN;
    double after = Double.NaN;
    double seconds = 0;
    double tokensBefore = 0;
    List<String> lines;
    try {
      lines = Files.readAllLines(metrics);
    } catch (IOException e) {
      throw new UserError("cannot read %s: %s".formatted(metrics, e), e);
    }
    for (int i = 0; i < lines.size(); i++) {
      JsonNode line = parse(metrics, i + 1, lines.get(i));
      double tokens = line.path("tokens").asDouble(0);
      if (line.has("validation_loss")) {
        after = line.get("validation_loss").asDouble();
        before = line.path("step").asInt() == 0 ? after : before;
      }
      if (line.has("loss")) {
        loss.add(new Chart.Point(tokens, line.get("loss").asDouble()));
      }
      if (line.has("expected_density")) {
        density.add(new Chart.Point(tokens, line.get("expected_density").asDouble()));
      }
      if (line.has("tokens_per_second")) {
        seconds += (tokens - tokensBefore) / line.get("tokens_per_second").asDouble();
      }
      tokensBefore = tokens;
    }
    return new Curve(thinned(loss), thinned(density), before, after, seconds);
  }

  private static JsonNode parse(Path file, int number, String line) {
    try {
      return Json.parse(line);
    } catch (IOException e) {
      throw new UserError("%s:%s: not JSON: %s".formatted(file, number, e.getMessage()), e);
    }
  }

  /** Means of neighbouring points, so that few are left. */
  static List<Chart.Point> thinned(List<Chart.Point> points) {
    int step = Math.max(1, Math.ceilDiv(points.size(), POINTS));
    List<Chart.Point> kept = new ArrayList<>();
    for (int from = 0; from < points.size(); from += step) {
      List<Chart.Point> part = points.subList(from, Math.min(points.size(), from + step));
      kept.add(
          new Chart.Point(
              part.stream().mapToDouble(Chart.Point::x).average().orElseThrow(),
              part.stream().mapToDouble(Chart.Point::y).average().orElseThrow()));
    }
    return kept;
  }
}
