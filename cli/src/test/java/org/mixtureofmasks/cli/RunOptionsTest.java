package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.ledger.Machine;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Whether a model fits, before anything of it is loaded. */
class RunOptionsTest {
  private static final Path MODEL = TestFiles.stories();

  @Command
  private static final class Options {
    @Mixin private RunOptions run;
  }

  private static RunOptions options(String... arguments) {
    Options options = new Options();
    new CommandLine(options).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
    return options.run;
  }

  private static Machine with(long bytes) {
    return new Machine(bytes, 0);
  }

  @Test
  void copiesThatDoNotFitAreRefusedWithWhatWould() {
    RunOptions widened = options("--weights", "bf16", "--threads", "2");
    UserError e = assertThrows(UserError.class, () -> widened.requireMemory(MODEL, with(500_000)));
    assertTrue(e.getMessage().contains("stay in the mapped file"), e.getMessage());
    assertDoesNotThrow(() -> widened.requireMemory(MODEL, with(1L << 40)));
    RunOptions huge = options("--memory", "huge_pages");
    assertThrows(UserError.class, () -> huge.requireMemory(MODEL, with(1000)));
  }

  @Test
  void aMappedFileMayBeLargerThanTheMemory() {
    assertDoesNotThrow(() -> options().requireMemory(MODEL, with(1000)));
  }
}
