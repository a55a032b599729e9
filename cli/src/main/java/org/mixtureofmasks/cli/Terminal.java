package org.mixtureofmasks.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The way out of the program: results go to stdout, everything else (progress, notes) to stderr. No
 * other class of any room prints.
 */
public final class Terminal {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** ASCII only, so that no locale can damage it on its way to a script. */
  private static final ObjectWriter WRITER =
      JsonMapper.builder()
          .configure(JsonWriteFeature.ESCAPE_NON_ASCII, true)
          .build()
          .writerWithDefaultPrettyPrinter();

  private Terminal() {}

  /** Text to stdout as it is, at once. */
  public static void text(String text) {
    Charset charset = System.out.charset();
    // Under the C locale Java would print question marks; what reads us there expects UTF-8.
    byte[] bytes =
        text.getBytes(charset.equals(StandardCharsets.US_ASCII) ? StandardCharsets.UTF_8 : charset);
    System.out.write(bytes, 0, bytes.length);
    System.out.flush();
  }

  /** A line to stdout. */
  public static void line(String line) {
    text(line + System.lineSeparator());
  }

  /** One JSON object to stdout: the only thing that a verb prints there when asked for --json. */
  public static void json(JsonNode object) {
    line(jsonText(object));
  }

  /** The text of {@link #json}. */
  static String jsonText(JsonNode object) {
    try {
      return WRITER.writeValueAsString(object);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of JSON nodes can always be written", e);
    }
  }

  /** An empty JSON object. */
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** A number for JSON; null where there is none (JSON has no NaN). */
  public static @Nullable Double number(OptionalDouble value) {
    return value.isPresent() && Double.isFinite(value.getAsDouble()) ? value.getAsDouble() : null;
  }

  /** A number for JSON; null where it is not finite. */
  public static @Nullable Double number(double value) {
    return number(OptionalDouble.of(value));
  }

  /** A line to stderr. */
  public static void note(String line) {
    System.err.println(line);
  }

  /** Whether somebody watches stderr: only then is progress shown. */
  @SuppressWarnings("SystemConsoleNull") // it is null again since JDK 25 where there is none
  public static boolean watched() {
    Path stderr = Path.of("/proc/self/fd/2");
    if (Files.exists(stderr)) {
      try {
        String target = Files.readSymbolicLink(stderr).toString();
        return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
      } catch (IOException e) {
        return false; // not to be found out: as good as unwatched
      }
    }
    return System.console() != null && System.console().isTerminal();
  }
}
