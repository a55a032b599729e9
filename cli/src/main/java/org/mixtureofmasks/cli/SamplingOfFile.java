package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import org.mixtureofmasks.io.LenientJson;
import org.mixtureofmasks.io.StrictJson;

/**
 * How a model's generation_config.json would have texts sampled. {@code mom generate} does what it
 * is told and is greedy otherwise; that the file says something else is not kept silent.
 */
final class SamplingOfFile {
  private static final String FILE = "generation_config.json";

  /** The file's keys, the options of the same meaning, and the values that change nothing. */
  private static final Map<String, Double> NEUTRAL = new LinkedHashMap<>();

  static {
    NEUTRAL.put("temperature", 0.0);
    NEUTRAL.put("top_k", 0.0);
    NEUTRAL.put("top_p", 1.0);
    NEUTRAL.put("min_p", 0.0);
    NEUTRAL.put("repetition_penalty", 1.0);
  }

  private SamplingOfFile() {}

  /** A line that names the options; empty if the file asks for none or there is no file. */
  static Optional<String> of(Path model) {
    Optional<ObjectNode> file =
        LenientJson.readObject(model.resolve(FILE), StrictJson.CONFIG_LIMIT);
    return file.flatMap(SamplingOfFile::line);
  }

  private static Optional<String> line(ObjectNode json) {
    boolean sampled = json.path("do_sample").asBoolean();
    StringJoiner options = new StringJoiner(" ");
    NEUTRAL.forEach(
        (key, neutral) -> {
          JsonNode value = json.path(key);
          boolean applies = sampled || key.equals("repetition_penalty");
          if (applies && value.isNumber() && value.doubleValue() != neutral) {
            options.add("--%s %s".formatted(key.replace('_', '-'), value));
          }
        });
    if (sampled && !json.path("temperature").isNumber()) {
      options.add("--temperature 1");
    }
    return options.length() == 0
        ? Optional.empty()
        : Optional.of("mom: greedy; the model's %s samples: %s".formatted(FILE, options));
  }
}
