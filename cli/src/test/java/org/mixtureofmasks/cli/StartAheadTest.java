package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartAheadTest {
  @TempDir private Path folder;

  @Test
  void theTokenizersLibraryIsWantedToGenerateFromAFolderWithItsFile() throws Exception {
    String model = folder.toString();
    assertFalse(StartAhead.wanted("generate", model));
    Files.createFile(folder.resolve("tokenizer.json"));
    assertTrue(StartAhead.wanted("generate", model));
    assertTrue(StartAhead.wanted("generate", "--max-tokens", "1", model));
    assertFalse(StartAhead.wanted("inspect", model));
    assertFalse(StartAhead.wanted("generate"));
    assertFalse(StartAhead.wanted());
  }

  @Test
  void thoseThatNeedNothingAheadEndAtOnce() {
    StartAhead ahead = new StartAhead("--version");
    ahead.close();
    assertFalse(Thread.getAllStackTraces().keySet().stream().anyMatch(this::isAhead));
  }

  private boolean isAhead(Thread thread) {
    return thread.getName().equals("mom-ahead");
  }
}
