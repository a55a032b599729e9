package org.mixtureofmasks.harness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * What lm-evaluation-harness said of a model, as scripts/lm_eval_peer.py wrote it.
 *
 * @param name of the task, or of the group that it asked for: mmlu
 * @param fewShot examples before each question
 * @param head metrics, versions, command
 * @param documents by task, in the order in which they were asked
 */
record HarnessReference(
    String name, int fewShot, JsonNode head, Map<String, List<JsonNode>> documents) {

  /** One file, gzipped or not: a head, then a line for each document. */
  static HarnessReference read(Path file) {
    String name = file.getFileName().toString();
    try (InputStream plain = new BufferedInputStream(Files.newInputStream(file));
        InputStream in = name.endsWith(".gz") ? new GZIPInputStream(plain) : plain) {
      List<JsonNode> lines =
          new ObjectMapper().readerFor(JsonNode.class).<JsonNode>readValues(in).readAll();
      Map<String, List<JsonNode>> documents = new LinkedHashMap<>();
      for (JsonNode line : lines.subList(1, lines.size())) {
        documents.computeIfAbsent(line.get("task").asText(), _ -> new ArrayList<>()).add(line);
      }
      JsonNode head = lines.getFirst();
      return new HarnessReference(
          name.substring(0, name.lastIndexOf('-')),
          head.get("num_fewshot").asInt(),
          head,
          documents);
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
  }

  /** All references of a folder, by name. */
  static List<HarnessReference> readAll(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> f.getFileName().toString().matches(".*-\\d+shot\\.jsonl(\\.gz)?"))
          .sorted()
          .map(HarnessReference::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(folder.toString(), e);
    }
  }

  @Override
  public String toString() {
    return name + ", " + fewShot + "-shot";
  }
}
