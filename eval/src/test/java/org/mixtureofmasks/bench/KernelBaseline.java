package org.mixtureofmasks.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Json;

/**
 * Each kernel's committed ratio to the stream, by machine: a file that is compared with and written
 * anew.
 *
 * @param machines ratios by kernel, by machine
 */
record KernelBaseline(Map<String, Map<String, Double>> machines) {
  /** A kernel that reaches less of its committed ratio is told. */
  static final double LEAST = 0.8;

  KernelBaseline {
    Map<String, Map<String, Double>> copy = new TreeMap<>();
    machines.forEach((machine, ratios) -> copy.put(machine, new TreeMap<>(ratios)));
    machines = copy;
  }

  /**
   * A kernel that became slower.
   *
   * @param ratio to the stream of this run
   * @param committed what it was
   */
  record Slower(String kernel, double ratio, double committed) {
    @Override
    public String toString() {
      return "%s: %.3f of the stream, committed %.3f (%.2f of it)"
          .formatted(kernel, ratio, committed, ratio / committed);
    }
  }

  /**
   * Reads the file; one that does not exist knows no machine.
   *
   * @throws JsonProcessingException if it is no JSON
   */
  static KernelBaseline read(Path file) throws IOException {
    Map<String, Map<String, Double>> machines = new TreeMap<>();
    if (Files.exists(file)) {
      for (Map.Entry<String, JsonNode> machine : Json.parse(Files.readString(file)).properties()) {
        Map<String, Double> ratios = new TreeMap<>();
        machine
            .getValue()
            .properties()
            .forEach(e -> ratios.put(e.getKey(), e.getValue().asDouble()));
        machines.put(machine.getKey(), ratios);
      }
    }
    return new KernelBaseline(machines);
  }

  /**
   * The kernels below {@link #LEAST} of what is committed; empty if the file does not know the
   * machine. A kernel that only one side has is not compared.
   */
  Optional<List<Slower>> slower(String machine, Map<String, Double> ratios) {
    Map<String, Double> committed = machines.get(machine);
    if (committed == null) {
      return Optional.empty();
    }
    List<Slower> slower = new ArrayList<>();
    ratios.forEach(
        (kernel, ratio) -> {
          Double was = committed.get(kernel);
          if (was != null && !(ratio >= LEAST * was)) { // NaN is slower too
            slower.add(new Slower(kernel, ratio, was));
          }
        });
    return Optional.of(slower);
  }

  /** With these ratios in place of the machine's; kernels that were not measured keep theirs. */
  KernelBaseline with(String machine, Map<String, Double> ratios) {
    KernelBaseline next = new KernelBaseline(machines);
    next.machines.computeIfAbsent(machine, _ -> new TreeMap<>()).putAll(ratios);
    return next;
  }

  /** Writes the file, three decimals a ratio. */
  void write(Path file) {
    ObjectNode json = Json.object();
    machines.forEach(
        (machine, ratios) -> {
          ObjectNode node = json.putObject(machine);
          ratios.forEach((kernel, ratio) -> node.put(kernel, Math.round(ratio * 1000) / 1000.0));
        });
    AtomicFiles.writeString(file, Json.pretty(json) + "\n");
  }
}
