package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartAheadTest {
  @TempDir private Path folder;

  @Test
  void theTokenizerIsWantedToGenerateFromAModelThatHasOne() throws Exception {
    String model = folder.toString();
    assertEquals(Optional.empty(), StartAhead.model("generate", model));
    Files.createFile(folder.resolve("tokenizer.json"));
    assertEquals(Optional.of(folder), StartAhead.model("generate", model));
    assertEquals(Optional.of(folder), StartAhead.model("generate", "--max-tokens", "1", model));
    assertEquals(Optional.empty(), StartAhead.model("inspect", model));
    assertEquals(Optional.empty(), StartAhead.model("generate", model, "--tokenizer", "other"));
    assertEquals(Optional.empty(), StartAhead.model("generate", model, "--tokenizer=other"));
    assertEquals(Optional.empty(), StartAhead.model("generate"));
    assertEquals(Optional.empty(), StartAhead.model());
    Path gguf = Files.createFile(folder.resolve("model.gguf"));
    assertEquals(Optional.of(gguf), StartAhead.model("generate", gguf.toString()));
    assertEquals(Optional.empty(), StartAhead.model("generate", gguf + "x"));
  }

  @Test
  void thoseThatNeedNothingAheadEndAtOnce() {
    StartAhead ahead = new StartAhead("--version");
    ahead.close();
    assertFalse(Thread.getAllStackTraces().keySet().stream().anyMatch(this::isAhead));
    assertEquals(Optional.empty(), StartAhead.tokenizer(folder));
  }

  private boolean isAhead(Thread thread) {
    return thread.getName().equals("mom-ahead");
  }
}
