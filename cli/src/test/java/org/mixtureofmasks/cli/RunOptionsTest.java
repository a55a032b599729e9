package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.ledger.InferenceMemory;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.model.CacheType;
import org.mixtureofmasks.model.Model;
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
    UserError e = assertThrows(UserError.class, () -> requireMemory(widened, with(500_000)));
    assertTrue(e.getMessage().contains("stay in the mapped file"), e.getMessage());
    assertDoesNotThrow(() -> requireMemory(widened, with(1L << 40)));
    RunOptions huge = options("--memory", "huge_pages");
    assertThrows(UserError.class, () -> requireMemory(huge, with(1000)));
  }

  @Test
  void moreThreadsThanCoresAreWarnedOfOnce() {
    Object[] command = {"bench", MODEL, "--tokens", 2, "--prompt-tokens", 2, "--repetitions", 1};
    int cores = Runtime.getRuntime().availableProcessors();
    Object[] many = Arrays.copyOf(command, command.length + 2);
    many[command.length] = "--threads";
    many[command.length + 1] = cores + 1;
    CliRun run = CliRun.mom(many);
    assertEquals(0, run.exit());
    List<String> warnings = run.err().lines().filter(line -> line.contains("--threads")).toList();
    assertEquals(
        List.of(
            "mom: --threads %d: this machine has %d cores; more threads than cores take turns and are slower"
                .formatted(cores + 1, cores)),
        warnings);
  }

  @Test
  void theCacheOfKeysAndValuesIsKeptAsAskedFor() {
    RunOptions smaller = options("--kv-cache", "int8");
    try (Model model = smaller.open(MODEL)) {
      assertTrue(model.description().contains("; KV cache: int8;"), model.description());
    }
    assertEquals(CacheType.F32, options().cache());
    CliRun.mom("generate", MODEL, "--prompt", "One", "--kv-cache", "int4").failure(2);
  }

  @Test
  void theCacheThatIsForetoldIsInThePagesOfItsFormat() {
    ModelConfig config;
    try (Checkpoint checkpoint = Checkpoints.open(MODEL)) {
      config = ConfigReader.read(checkpoint);
    }
    for (CacheType cache : CacheType.values()) {
      InferenceMemory needs = InferenceMemory.of(config, 10, 2, cache);
      assertEquals(10 + needs.workspace() + cache.bytes(config, 300), needs.bytes(300));
      assertEquals(needs.cachePer1000Tokens() * 128 / 1000, cache.bytes(config, 1));
    }
  }

  @Test
  void aMappedFileMayBeLargerThanTheMemory() {
    assertDoesNotThrow(() -> requireMemory(options(), with(1000)));
  }

  /** By hand: 204,928 numbers in rows that 32 divides; 59,136 in rows of 172 or 4 stay bf16. */
  @Test
  void roundedWeightsNeedTheBytesOfTheirBlocks() {
    ModelConfig config;
    try (Checkpoint checkpoint = Checkpoints.open(MODEL)) {
      config = ConfigReader.read(checkpoint);
    }
    long workspace = InferenceMemory.of(config, 0, 2, CacheType.F32).workspace();
    long[] bytes = {
      2 * (204_928 + 59_136), 204_928 / 32 * 34 + 2 * 59_136, 204_928 / 32 * 18 + 2 * 59_136
    };
    String[] weights = {"bf16", "q8_0", "q4_0"};
    for (int i = 0; i < weights.length; i++) {
      RunOptions run = options("--weights", weights[i], "--threads", "2");
      long needed = workspace + bytes[i];
      assertThrows(UserError.class, () -> requireMemory(run, with(needed - 1)));
      assertDoesNotThrow(() -> requireMemory(run, with(needed)));
    }
  }

  private static void requireMemory(RunOptions options, Machine machine) {
    try (Checkpoint model = Checkpoints.open(MODEL)) {
      options.requireMemory(model, machine);
    }
  }
}
