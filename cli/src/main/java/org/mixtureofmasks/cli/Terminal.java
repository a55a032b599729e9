package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mixtureofmasks.io.Json;

/**
 * The way out of the program: results go to stdout, everything else (progress, notes) to stderr. No
 * other class of any room prints.
 */
public final class Terminal {
  private Terminal() {}

  /** Text to stdout as it is, at once. */
  public static void text(String text) {
    ProgressLine shown = ProgressLine.shown();
    if (shown != null) {
      shown.hide();
    }
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
    line(Json.ascii(object));
  }

  /** A line to stderr, above the line of progress where there is one. */
  public static void note(String line) {
    ProgressLine shown = ProgressLine.shown();
    if (shown == null) {
      System.err.println(line);
    } else {
      shown.note(line);
    }
  }

  /** Whether somebody watches stderr: then progress is one line that is written anew. */
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
