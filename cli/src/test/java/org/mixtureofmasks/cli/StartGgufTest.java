package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.cli.CliRun.mom;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** With the model that the launcher takes. */
class StartGgufTest {
  private static final Path DEMO =
      Path.of("..", "lab", "src", "main", "resources", "org", "mixtureofmasks", "demo");

  @TempDir private Path folder;

  @Test
  void aFolderAsGgufRunsAndHasItsVocabulary() throws IOException {
    Path gguf = folder.resolve("model.gguf");
    StartGguf.write(DEMO, gguf);
    String text = "Once upon a time there was \"a fox\".\n";
    try (Tokenizer stored = Tokenizer.open(DEMO);
        StartAhead _ = new StartAhead("generate", gguf.toString());
        Beside<Tokenizer> ahead = StartAhead.tokenizer(gguf).orElseThrow()) {
      assertArrayEquals(stored.encode(text), ahead.get().encode(text));
      assertEquals(Optional.empty(), StartAhead.tokenizer(gguf), "it is handed over once");
    }
    CliRun run = mom("generate", gguf, "--prompt", text, "--max-tokens", 3, "--ignore-eos");
    assertEquals(0, run.exit(), run.err());
    assertTrue(run.err().contains("3 generated"), run.err());
  }

  @Test
  void whatIsOpenedAheadIsForItsModelAlone() {
    try (StartAhead _ = new StartAhead("generate", DEMO.toString())) {
      assertEquals(Optional.empty(), StartAhead.tokenizer(folder));
    }
  }
}
