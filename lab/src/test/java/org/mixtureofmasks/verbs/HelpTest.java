package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.cli.Main;
import org.mixtureofmasks.cli.Verb;
import picocli.CommandLine.Command;

class HelpTest {
  /** The parser warns there of what it cannot expand, such as a lone % in an example. */
  @Test
  void noVerbsHelpWritesToStderr() {
    List<String> verbs =
        ServiceLoader.load(Verb.class).stream()
            .map(verb -> verb.type().getAnnotation(Command.class).name())
            .toList();
    assertTrue(verbs.contains("sparsify") && verbs.contains("generate"), verbs.toString());
    PrintStream stdout = System.out;
    PrintStream stderr = System.err;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
      assertEquals(0, Main.run("--help"));
      for (String verb : verbs) {
        out.reset();
        assertEquals(0, Main.run(verb, "--help"), verb);
        assertTrue(out.toString(StandardCharsets.UTF_8).contains("mom " + verb), verb);
        assertEquals("", err.toString(StandardCharsets.UTF_8), verb);
      }
    } finally {
      System.setOut(stdout);
      System.setErr(stderr);
    }
  }
}
