package org.mixtureofmasks.harness;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.IoReasons;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.score.Observation;
import org.mixtureofmasks.task.Metric;

/**
 * What a samples file says of each document.
 *
 * @param name the task's
 * @param metrics that every document has, the leading one first
 * @param samples by document, ascending
 * @param unknown metrics in the file that this program does not know
 * @param chance accuracy of guessing, the mean of 1 / choices; empty where there are no choices
 */
public record SavedTask(
    String name,
    List<Metric> metrics,
    List<Sample> samples,
    Set<String> unknown,
    OptionalDouble chance) {

  /** Asks for each choice twice, with the question and without. */
  private static final String DOUBLED = "acc_mutual_info";

  private static final Map<String, Metric> METRICS =
      List.of(Metric.values()).stream().collect(Collectors.toMap(Metric::key, m -> m));

  /**
   * One document's line.
   *
   * @param documentId its position in the split
   * @param documentHash of the document
   * @param promptHash of the first prompt
   * @param observations by metric
   * @param asks what the model was asked; 0 where the line does not tell
   */
  public record Sample(
      int documentId,
      String documentHash,
      String promptHash,
      Map<Metric, Observation> observations,
      int asks) {}

  /**
   * Reads a samples file; a line that is not one fails with its number.
   *
   * @param order names of metrics as the task's configuration has them
   * @param choices whether each thing that was asked is a choice
   */
  static SavedTask read(Path file, String name, List<String> order, boolean choices) {
    List<Sample> samples = new ArrayList<>();
    Set<String> unknown = new TreeSet<>();
    int number = 0;
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        samples.add(sample(Json.parse(line), unknown));
      }
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new UserError(
          "%s, line %s: is no sample: %s"
              .formatted(
                  file,
                  number,
                  e instanceof JsonProcessingException j ? j.getOriginalMessage() : e.getMessage()),
          e);
    } catch (IOException e) {
      throw new UserError("%s: cannot be read: %s".formatted(file, IoReasons.of(e)), e);
    }
    if (samples.isEmpty()) {
      throw new UserError("%s: holds no samples".formatted(file));
    }
    samples.sort(Comparator.comparingInt(Sample::documentId));
    List<Metric> metrics =
        Stream.concat(order.stream().map(METRICS::get), Stream.of(Metric.values()))
            .filter(m -> samples.stream().allMatch(s -> s.observations.containsKey(m)))
            .distinct()
            .toList();
    OptionalDouble chance =
        choices && !unknown.contains(DOUBLED) ? chance(samples) : OptionalDouble.empty();
    return new SavedTask(name, metrics, samples, unknown, chance);
  }

  private static OptionalDouble chance(List<Sample> samples) {
    return samples.stream().allMatch(s -> s.asks > 1)
        ? samples.stream().mapToDouble(s -> 1.0 / s.asks).average()
        : OptionalDouble.empty();
  }

  private static Sample sample(JsonNode line, Set<String> unknown) {
    Map<Metric, Observation> observations = new EnumMap<>(Metric.class);
    for (JsonNode key : required(line, "metrics")) {
      Metric metric = METRICS.get(key.asText());
      if (metric == null) {
        unknown.add(key.asText());
      } else {
        observations.put(metric, observation(required(line, key.asText())));
      }
    }
    return new Sample(
        required(line, "doc_id").asInt(),
        required(line, "doc_hash").asText(),
        required(line, "prompt_hash").asText(),
        observations,
        line.path("arguments").size());
  }

  /** A number, or a pair of a log-probability and the words or bytes it is spread over. */
  private static Observation observation(JsonNode value) {
    JsonNode numerator = value.isArray() ? value.path(0) : value;
    JsonNode weight = value.path(1);
    if (!numerator.isNumber() || (value.isArray() && !weight.isNumber())) {
      throw new IllegalArgumentException("a metric's value is '%s'".formatted(value));
    }
    return new Observation(numerator.asDouble(), value.isArray() ? weight.asDouble() : 1);
  }

  private static JsonNode required(JsonNode line, String key) {
    JsonNode value = line == null ? null : line.get(key);
    if (value == null) {
      throw new IllegalArgumentException("it has no '%s'".formatted(key));
    }
    return value;
  }
}
