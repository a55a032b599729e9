package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.TestFiles;

/** Results that cannot be written are no success. */
class TerminalTest {
  /** A disk with room for so many bytes, or a reader that goes after them. */
  private static final class Full extends OutputStream {
    private int room;

    Full(int room) {
      this.room = room;
    }

    @Override
    public void write(int b) throws IOException {
      if (--room < 0) {
        throw new IOException("No space left on device");
      }
    }
  }

  /** The exit code, and what was said on stderr. */
  private record Ended(int exit, String err) {}

  private static Ended run(int room, String... args) {
    PrintStream stdout = System.out;
    PrintStream stderr = System.err;
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setOut(new PrintStream(new Full(room), false));
    System.setErr(new PrintStream(err, true));
    try {
      int exit = Terminal.atEnd(Main.run(args));
      return new Ended(exit, err.toString());
    } finally {
      System.setOut(stdout);
      System.setErr(stderr);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void aFullDiskIsAnErrorInEveryForm(int room) {
    String model = TestFiles.stories().toString();
    for (String[] args :
        new String[][] {
          {"inspect", model},
          {"inspect", model, "--json"},
          {"--help"},
          {"generate", model, "--prompt", "Once", "--max-tokens", "5"}
        }) {
      Ended ended = run(room, args);
      assertEquals(1, ended.exit, String.join(" ", args));
      assertTrue(ended.err.contains("mom: stdout cannot be written: "), ended.err);
    }
  }

  @Test
  void aReaderThatGoesEndsTheWork() {
    String model = TestFiles.stories().toString();
    Ended ended = run(1, "generate", model, "--prompt", "Once", "--max-tokens", "400");
    assertEquals(1, ended.exit);
    assertFalse(ended.err.contains("generated"), "it stops at the first piece: " + ended.err);
  }
}
