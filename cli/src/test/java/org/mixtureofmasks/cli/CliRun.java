package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** One command line run in this JVM, with what it printed. */
record CliRun(int exit, String out, String err) {
  static CliRun mom(Object... args) {
    String[] words = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      words[i] = args[i].toString();
    }
    PrintStream stdout = System.out;
    PrintStream stderr = System.err;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
      int exit = Main.run(words);
      return new CliRun(
          exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(stdout);
      System.setErr(stderr);
    }
  }

  /** The one JSON object on stdout; anything else there fails. */
  JsonNode json() throws JsonProcessingException {
    assertEquals(0, exit, err);
    return new ObjectMapper()
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
        .readTree(out);
  }

  /** The error: one line of this exit code, nothing on stdout; returned without "mom: ". */
  String failure(int expectedExit) {
    assertEquals(expectedExit, exit, out + err);
    assertEquals("", out);
    String first = err.lines().filter(line -> line.startsWith("mom: ")).findFirst().orElse(err);
    assertEquals(1, err.lines().filter(line -> line.startsWith("mom: ")).count(), err);
    return first.substring("mom: ".length());
  }
}
