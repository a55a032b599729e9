package org.mixtureofmasks.train;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Json;

/**
 * A run's curves in the forms that other programs read, made anew of metrics.jsonl with each
 * checkpoint: metrics.csv, and an event file that TensorBoard finds in the folder. A figure by
 * layer, expert or file has a column and a curve for each, its name behind a slash.
 */
public final class RunCurves {
  private static final String STEP = "step";
  private static final String TIME = "time";

  /** TensorBoard takes every file that has "tfevents" in its name. */
  private static final String EVENTS = "events.out.tfevents.run";

  /** A line of metrics: its numbers by name, and when it was written. */
  private record Line(long step, String time, Map<String, Double> values) {
    double seconds() {
      return time.isEmpty() ? 0 : Instant.parse(time).toEpochMilli() * 1e-3;
    }
  }

  private RunCurves() {}

  /**
   * Writes both files beside metrics.jsonl, whole or not at all.
   *
   * @throws UserError if metrics.jsonl cannot be read, or nothing be written there
   */
  public static void write(RunFolder run) {
    if (!Files.exists(run.metrics())) {
      return; // a run without steps and validation has no curves
    }
    List<Line> lines = lines(run.metrics());
    AtomicFiles.writeString(run.path().resolve("metrics.csv"), csv(lines));
    EventFile events = new EventFile(lines.isEmpty() ? 0 : lines.getFirst().seconds());
    lines.forEach(line -> events.add(line.seconds(), line.step, line.values));
    AtomicFiles.writeBytes(run.path().resolve(EVENTS), events.whole());
  }

  private static List<Line> lines(Path metrics) {
    List<Line> lines = new ArrayList<>();
    try {
      for (String text : Files.readAllLines(metrics)) {
        JsonNode json = Json.parse(text);
        Map<String, Double> values = new LinkedHashMap<>();
        json.properties().forEach(e -> flatten(e.getKey(), e.getValue(), values));
        values.remove(STEP);
        lines.add(new Line(json.path(STEP).asLong(), json.path(TIME).asText(""), values));
      }
    } catch (IOException e) {
      throw new UserError("cannot read %s: %s".formatted(metrics, e.getMessage()), e);
    }
    return lines;
  }

  private static void flatten(String name, JsonNode value, Map<String, Double> to) {
    if (value.isNumber()) {
      to.put(name, value.asDouble());
    } else if (value.isObject()) {
      value.properties().forEach(e -> flatten(name + "/" + e.getKey(), e.getValue(), to));
    } else if (value.isArray()) {
      for (int i = 0; i < value.size(); i++) {
        flatten(name + "/" + i, value.get(i), to);
      }
    }
  }

  /** A line for each step; a column for each figure that any of them has. */
  private static String csv(List<Line> lines) {
    Set<String> columns = new LinkedHashSet<>();
    lines.forEach(line -> columns.addAll(line.values.keySet()));
    StringBuilder csv = new StringBuilder();
    row(csv, Stream.concat(Stream.of(STEP, TIME), columns.stream()));
    for (Line line : lines) {
      row(
          csv,
          Stream.concat(
              Stream.of(Long.toString(line.step), line.time),
              columns.stream()
                  .map(c -> line.values.containsKey(c) ? line.values.get(c).toString() : "")));
    }
    return csv.toString();
  }

  private static void row(StringBuilder csv, Stream<String> cells) {
    csv.append(cells.map(Csv::cell).collect(Collectors.joining(","))).append('\n');
  }
}
