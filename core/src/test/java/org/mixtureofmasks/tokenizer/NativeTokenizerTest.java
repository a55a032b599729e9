package org.mixtureofmasks.tokenizer;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeTokenizerTest {
  @TempDir private Path folder;

  @Test
  void theLibraryIsLoadedFromWhereItWasUnpacked() throws Exception {
    String missing = NativeTokenizer.loadFrom(folder);
    assertTrue(
        missing != null && missing.contains(folder.toString()) && missing.contains("-Dmom."),
        missing);
    NativeTokenizer.unpack(folder);
    assertNull(NativeTokenizer.loadFrom(folder));
  }
}
