package org.mixtureofmasks.train;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Json;

/** metrics.jsonl: one JSON object a line, one line a step, in order. */
final class MetricsFile {
  private final Path file;

  MetricsFile(Path file) {
    this.file = file;
  }

  /** Appends a line; it is in the file when this returns. */
  void append(Map<String, Object> line) {
    try {
      byte[] text = (Json.line(line) + "\n").getBytes(StandardCharsets.UTF_8);
      Files.write(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UserError(
          "cannot write %s: %s: free some space, then 'mom resume'".formatted(file, e.getMessage()),
          e);
    }
  }

  /** Drops the lines after a step, which a resumed run writes again; a line cut short goes too. */
  void truncate(int lastStep) {
    if (!Files.exists(file)) {
      return;
    }
    try {
      StringBuilder kept = new StringBuilder();
      List<String> lines = Files.readAllLines(file);
      for (int i = 0; i < lines.size(); i++) {
        JsonNode line;
        try {
          line = Json.parse(lines.get(i));
        } catch (IOException e) {
          if (i == lines.size() - 1) {
            break; // the run was killed within this line
          }
          throw new UserError("%s:%s: not JSON: remove the line".formatted(file, i + 1), e);
        }
        if (line.path("step").asInt(Integer.MAX_VALUE) <= lastStep) {
          kept.append(lines.get(i)).append('\n');
        }
      }
      AtomicFiles.writeString(file, kept.toString());
    } catch (IOException e) {
      throw new UserError("cannot read %s: %s".formatted(file, e.getMessage()), e);
    }
  }
}
